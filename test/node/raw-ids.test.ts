import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'tap';
import { type CriClient, connect } from '../support/cri-client.ts';
import type { Message } from '../support/cri-types.ts';
import { runContainer, runPod } from '../support/pods.ts';
import { type ProxyProcess, startProxy } from '../support/proxy.ts';
import { needs } from '../support/require.ts';
import { startTwoRuntimes } from '../support/two-runtimes.ts';

test('raw ids on real runtimes', needs('root', 'demo', 'registry'), async t => {
  const lab = await startTwoRuntimes();
  t.teardown(() => lab.stop());
  const { primary, secondary } = lab;
  const stateDir = mkdtempSync(join(tmpdir(), 'criproxy-raw-'));
  t.teardown(() => rmSync(stateDir, { recursive: true, force: true }));
  const sockets = `${primary.containerd.socketPath},alt:${secondary.containerd.socketPath}`;

  /** The proxy of this node with another form of ids, on the same state. */
  const withProxy = async (ids: string, use: (client: CriClient, proxy: ProxyProcess) => Promise<void>) => {
    const proxy = await startProxy({ connect: sockets, flags: ['-ids', ids, '-stateDir', stateDir] });
    const client = connect(proxy.socketPath);
    try {
      await client.call('ListPodSandbox', {}, { deadline: 20_000 });
      await use(client, proxy);
    } finally {
      client.close();
      await proxy.stop('SIGTERM');
      await proxy.remove();
    }
  };

  let pod = '';
  let container = '';
  await withProxy('raw', async client => {
    await t.test('clients see the ids of the runtime', async t => {
      const made = await runPod(client, secondary);
      pod = made.id;
      container = await runContainer(client, secondary, made);
      for (const id of [pod, container]) t.match(id, /^[0-9a-f]{64}$/);
      t.equal((await secondary.direct.call('ContainerStatus', { container_id: container }))['status'].id, container);
      const { containers } = await client.call('ListContainers', { filter: { pod_sandbox_id: pod } });
      t.strictSame(
        containers.map((each: Message) => [each['id'], each['pod_sandbox_id']]),
        [[container, pod]],
      );
      const { stats } = await client.call('ListContainerStats');
      t.ok(stats.some((each: Message) => each['attributes'].id === container));
      const { stdout } = await client.call('ExecSync', { container_id: container, cmd: ['echo', 'there'] });
      t.equal(String(stdout), 'there\n');
    });

    await t.test('ids of 13 characters, as crictl sends them', async t => {
      const short = container.slice(0, 13);
      t.equal((await client.call('ContainerStatus', { container_id: short }))['status'].id, container);
      t.equal((await client.call('PodSandboxStatus', { pod_sandbox_id: pod.slice(0, 13) }))['status'].id, pod);
      const { containers } = await client.call('ListContainers', { filter: { id: short } });
      t.strictSame(
        containers.map((each: Message) => each['id']),
        [container],
      );
    });

    await t.test('a pod that was made past the proxy is found too', async t => {
      const made = await runPod(secondary.direct, secondary);
      const { status } = await client.call('PodSandboxStatus', { pod_sandbox_id: made.id });
      t.equal(status.id, made.id);
    });

    await t.test('an unknown id is NotFound', async t => {
      t.match(await client.ask('ContainerStatus', { container_id: 'f'.repeat(64) }), { code: 5 });
    });
  });

  await withProxy('prefixed', async client => {
    await t.test('a node that is switched to prefixes understands the ids that the kubelet still has', async t => {
      for (const id of [container, `alt__${container}`]) {
        t.equal((await client.call('ContainerStatus', { container_id: id }))['status'].id, `alt__${container}`);
      }
      const { items } = await client.call('ListPodSandbox');
      t.ok(items.some((each: Message) => each['id'] === `alt__${pod}`));
    });
  });

  await withProxy('raw', async (client, proxy) => {
    await t.test('and back', async t => {
      for (const id of [container, `alt__${container}`]) {
        t.equal((await client.call('ContainerStatus', { container_id: id }))['status'].id, container);
      }
    });

    await t.test('a runtime that is down is known by its snapshot, over a restart of the proxy too', async t => {
      await secondary.containerd.kill();
      await proxy.stop('SIGTERM');
      await proxy.start();
      const { items } = await client.call('ListPodSandbox', {}, { deadline: 20_000 });
      t.ok(
        items.some((each: Message) => each['id'] === pod),
        'it is listed',
      );
      t.match(await client.ask('StopPodSandbox', { pod_sandbox_id: pod }), {
        code: 14,
        details: /runtime alt is not up/,
      });
    });
  });
});
