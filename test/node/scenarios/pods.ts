import type { Test } from 'tap';
import { busyboxImage } from '../../support/containerd.ts';
import { removePod, runContainer, runPod } from '../../support/pods.ts';
import type { TwoRuntimes } from '../../support/two-runtimes.ts';

/** Pods and containers start, stop and are removed on each side. */
export async function checkPods(t: Test, lab: TwoRuntimes): Promise<void> {
  const { client } = lab;

  for (const side of lab.sides) {
    await t.test(`a pod and a container live and die on the ${side.name}`, async t => {
      const pod = await runPod(client, side);
      t.match(pod.id, new RegExp(`^${side.idPrefix}[0-9a-f]{64}$`), 'the id has the form of its runtime');
      const rawPod = pod.id.slice(side.idPrefix.length);
      const own = await side.direct.call('PodSandboxStatus', { pod_sandbox_id: rawPod });
      t.equal(own.status.metadata.name, pod.config['metadata'].name, 'the runtime itself has the pod');

      const { status } = await client.call('PodSandboxStatus', { pod_sandbox_id: pod.id });
      t.equal(status.id, pod.id);
      t.equal(status.state, 'SANDBOX_READY');
      t.match(status.network.ip, /^10\.88\.\d+\.\d+$/);
      t.same(status, { ...own.status, id: pod.id }, 'all else is as the runtime says');

      const container = await runContainer(client, side, pod, { labels: { role: 'test' } });
      t.match(container, new RegExp(`^${side.idPrefix}[0-9a-f]{64}$`));
      const running = (await client.call('ContainerStatus', { container_id: container })).status;
      t.equal(running.id, container);
      t.equal(running.state, 'CONTAINER_RUNNING');
      t.equal(running.image.image, side.imagePrefix + busyboxImage);
      t.same(running.labels, { role: 'test' });

      const exec = { container_id: container, cmd: ['sh', '-c', 'echo out; echo err >&2; exit 3'] };
      t.same(await client.call('ExecSync', exec), {
        stdout: Buffer.from('out\n'),
        stderr: Buffer.from('err\n'),
        exit_code: 3,
      });

      const linux = {
        cpu_shares: 512,
        cpu_period: 100_000,
        cpu_quota: 50_000,
        memory_limit_in_bytes: 64 * 1024 * 1024,
      };
      await client.call('UpdateContainerResources', { container_id: container, linux });
      const { info } = await side.direct.call('ContainerStatus', {
        container_id: container.slice(side.idPrefix.length),
        verbose: true,
      });
      t.match(JSON.parse(info.info).runtimeSpec.linux.resources, { cpu: { shares: 512, quota: 50_000 } });

      await client.call('StopContainer', { container_id: container, timeout: 0 });
      const stopped = (await client.call('ContainerStatus', { container_id: container })).status;
      t.equal(stopped.state, 'CONTAINER_EXITED');
      t.equal(stopped.exit_code, 137);
      await client.call('RemoveContainer', { container_id: container });
      t.match(await client.ask('ContainerStatus', { container_id: container }), { code: 5 }, 'then it is NotFound');
      await removePod(client, pod);
      t.match(await client.ask('PodSandboxStatus', { pod_sandbox_id: pod.id }), { code: 5 }, 'then it is NotFound');
    });
  }
}
