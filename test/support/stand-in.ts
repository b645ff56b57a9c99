import { createHash } from 'node:crypto';
import { appendFile, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as grpc from '@grpc/grpc-js';
import type { Message } from './cri-types.ts';
import { answerWith, type Failure, type FakeRuntime, startFakeRuntime } from './fake-runtime.ts';

/**
 * A CRI runtime that runs nothing: it keeps pods and containers in memory, writes each command line to the container's log,
 * and answers ExecSync with the command. For machines that can have no real runtime.
 */
export function startStandIn(socketPath: string, name: string): Promise<FakeRuntime> {
  const pods = new Map<string, Message>();
  const containers = new Map<string, Message>();
  const commands = new Map<string, string>();
  const logFiles = new Map<string, string>();
  const idOf = (kind: string, key: string): string =>
    createHash('sha256').update([name, kind, key].join('/')).digest('hex');

  const version = { version: '0.1.0', runtime_name: name, runtime_version: '0.1.0', runtime_api_version: 'v1' };
  const conditions = ['RuntimeReady', 'NetworkReady'].map(type => ({ type, status: true }));

  const answers: Record<string, (request: Message) => Message | Promise<Message>> = {
    Version: () => version,
    Status: () => ({ status: { conditions } }),
    ImageStatus: ({ image }) => ({
      image: { id: `sha256:${idOf('image', image.image)}`, repo_tags: [image.image], size: 1 },
    }),

    RunPodSandbox({ config: { metadata, labels = {}, annotations = {}, log_directory = '' } }) {
      const id = idOf('pod', `${metadata.namespace}/${metadata.name}/${metadata.uid}`);
      pods.set(id, { id, metadata, labels, annotations, state: 'SANDBOX_READY', created_at: now() });
      logFiles.set(id, log_directory);
      return { pod_sandbox_id: id };
    },
    ListPodSandbox: ({ filter }) => ({ items: select(pods, filter?.id) }),
    PodSandboxStatus: ({ pod_sandbox_id }) => ({ status: find(pods, 'pod sandbox', pod_sandbox_id) }),
    StopPodSandbox({ pod_sandbox_id }) {
      find(pods, 'pod sandbox', pod_sandbox_id)['state'] = 'SANDBOX_NOTREADY';
      for (const container of containers.values())
        if (container['pod_sandbox_id'] === pod_sandbox_id) container['state'] = 'CONTAINER_EXITED';
      return {};
    },
    RemovePodSandbox({ pod_sandbox_id }) {
      pods.delete(pod_sandbox_id);
      for (const [id, container] of containers)
        if (container['pod_sandbox_id'] === pod_sandbox_id) containers.delete(id);
      return {};
    },

    CreateContainer({
      pod_sandbox_id,
      config: { metadata, image, labels = {}, log_path = '', command = [], args = [] },
    }) {
      find(pods, 'pod sandbox', pod_sandbox_id);
      const id = idOf('container', `${pod_sandbox_id}/${metadata.name}`);
      const image_ref = `sha256:${idOf('image', image.image)}`;
      const state = 'CONTAINER_CREATED';
      containers.set(id, { id, pod_sandbox_id, metadata, image, image_ref, labels, state, created_at: now() });
      logFiles.set(id, join(logFiles.get(pod_sandbox_id)!, log_path));
      commands.set(id, [...command, ...args].join(' '));
      return { container_id: id };
    },
    async StartContainer({ container_id }) {
      find(containers, 'container', container_id)['state'] = 'CONTAINER_RUNNING';
      const file = logFiles.get(container_id)!;
      await mkdir(dirname(file), { recursive: true });
      // One line of a CRI log: time, stream, F for a full line, text (kubelet's pkg/kubelet/kuberuntime/logs).
      const text = `${name} runs nothing; a real runtime would run: ${commands.get(container_id)}`;
      await appendFile(file, `${new Date().toISOString()} stdout F ${text}\n`);
      return {};
    },
    ListContainers: ({ filter }) => ({ containers: select(containers, filter?.id) }),
    ContainerStatus({ container_id }) {
      const { pod_sandbox_id: _, ...status } = find(containers, 'container', container_id);
      return { status: { ...status, log_path: logFiles.get(container_id) } };
    },
    ExecSync({ container_id, cmd }) {
      find(containers, 'container', container_id);
      return { stdout: Buffer.from(`${name} runs nothing; a real runtime would run: ${cmd.join(' ')}\n`) };
    },
    StopContainer({ container_id }) {
      find(containers, 'container', container_id)['state'] = 'CONTAINER_EXITED';
      return {};
    },
    RemoveContainer({ container_id }) {
      containers.delete(container_id);
      return {};
    },
  };
  return startFakeRuntime({
    socketPath,
    answers: Object.fromEntries(Object.entries(answers).map(([method, answer]) => [method, answerWith(answer)])),
  });
}

const now = (): bigint => BigInt(Date.now()) * 1_000_000n;

function select(items: Map<string, Message>, id: string | undefined): Message[] {
  return [...items.values()].filter(item => !id || item['id'] === id);
}

function find(items: Map<string, Message>, kind: string, id: string): Message {
  const item = items.get(id);
  if (item) return item;
  throw { code: grpc.status.NOT_FOUND, message: `no ${kind} ${id}` } satisfies Failure;
}
