import { busyboxImage } from './containerd.ts';
import type { CriClient } from './cri-client.ts';
import type { Message } from './cri-types.ts';

/** The parts of a Side that tell where a pod goes, and the names of its images. */
export interface Target {
  readonly imagePrefix: string;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface Pod {
  readonly id: string;
  /** Its PodSandboxConfig, which CreateContainer needs again. */
  readonly config: Message;
}

let last = 0;

/** Runs a pod sandbox; `more` adds to its PodSandboxConfig. */
export async function runPod(client: CriClient, target: Target, more: Message = {}): Promise<Pod> {
  const name = `pod-${++last}`;
  const config = {
    metadata: { name, uid: `uid-${name}`, namespace: 'tests' },
    labels: { 'io.kubernetes.pod.uid': `uid-${name}` },
    annotations: { ...target.annotations },
    linux: {},
    ...more,
  };
  const { pod_sandbox_id: id } = await client.call('RunPodSandbox', { config });
  return { id, config };
}

/** Creates and starts a container of the busybox image; `more` adds to its ContainerConfig. Returns its id. */
export async function runContainer(client: CriClient, target: Target, pod: Pod, more: Message = {}): Promise<string> {
  const { container_id } = await client.call('CreateContainer', {
    pod_sandbox_id: pod.id,
    sandbox_config: pod.config,
    config: {
      metadata: { name: `c-${++last}` },
      image: { image: target.imagePrefix + busyboxImage },
      linux: {},
      ...more,
    },
  });
  await client.call('StartContainer', { container_id });
  return container_id;
}

/** Stops and removes the pod with its containers. */
export async function removePod(client: CriClient, pod: Pod): Promise<void> {
  await client.call('StopPodSandbox', { pod_sandbox_id: pod.id });
  await client.call('RemovePodSandbox', { pod_sandbox_id: pod.id });
}
