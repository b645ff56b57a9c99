import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import tap, { type Test, test } from 'tap';
import { waitFor } from '../support/child.ts';
import { type Containerd, startContainerd } from '../support/containerd.ts';
import { type CriClient, connect } from '../support/cri-client.ts';
import { type Pod, removePod, runContainer, runPod, type Target } from '../support/pods.ts';
import { type ProxyProcess, startProxy } from '../support/proxy.ts';
import { needs, TEST_LIMIT } from '../support/require.ts';
import { ListWatch, LONGEST } from './support/list-watch.ts';
import { itemsOf, podConfig } from './support/routed.ts';

tap.setTimeout(TEST_LIMIT);

const PODS = 20;
const primary: Target = { imagePrefix: '', annotations: {} };
const secondary: Target = { imagePrefix: 'alt/', annotations: { 'kubernetes.io/target-runtime': 'alt' } };
const ownNetwork = { linux: { security_context: { namespace_options: { network: 'NODE' } } } };

interface Node {
  readonly containerds: readonly Containerd[];
  readonly proxy: ProxyProcess;
  readonly client: CriClient;
}

/** One containerd or two, with the proxy in front of them. */
async function startNode(t: Test, count: 1 | 2, altSocket?: string): Promise<Node> {
  const containerds = await Promise.all(Array.from({ length: count }, () => startContainerd()));
  t.teardown(() => Promise.all(containerds.map(containerd => containerd.stop())));
  const alt = altSocket ?? containerds[1]!.socketPath;
  const proxy = await startProxy({ connect: `${containerds[0]!.socketPath},alt:${alt}`, verbosity: 1 });
  t.teardown(() => proxy.remove());
  const client = connect(proxy.socketPath);
  t.teardown(() => client.close());
  return { containerds, proxy, client };
}

async function runMany(client: CriClient, target: Target): Promise<{ pod: Pod; container: string }[]> {
  const made: { pod: Pod; container: string }[] = [];
  let begun = 0;
  const worker = async () => {
    while (begun++ < PODS) {
      const pod = await runPod(client, target, ownNetwork);
      made.push({ pod, container: await runContainer(client, target, pod) });
    }
  };
  await Promise.all([worker(), worker()]);
  return made;
}

const idsOf = async (client: CriClient, list: string) =>
  itemsOf(await client.call(list, {}, { deadline: 60_000 }))
    .map(item => item['id'])
    .sort();

test(`containerd killed and started again under ${PODS} pods on each of two, while a kubelet lists`, {
  ...needs('root', 'demo'),
}, async t => {
  const { containerds, proxy, client } = await startNode(t, 2);
  const sides = await Promise.all([runMany(client, primary), runMany(client, secondary)]);
  const all = sides.flat();
  const pods = all.map(({ pod }) => pod.id);
  const watch = new ListWatch(client, { pods, containers: all.map(({ container }) => container), pause: 200 });
  t.teardown(() => watch.stop());

  /** Removes a pod, kills right after that, and waits for live lists after the start. */
  const crash = async (indexes: readonly number[], meanwhile: () => unknown = () => {}) => {
    const from = proxy.log().length;
    for (const index of indexes) {
      const { pod, container } = sides[index]!.pop()!;
      watch.leave('ListPodSandbox', pod.id);
      watch.leave('ListContainers', container);
      await removePod(client, pod);
      watch.bury('ListPodSandbox', pod.id);
      watch.bury('ListContainers', container);
    }
    await Promise.all(indexes.map(index => containerds[index]!.kill()));
    await watch.more(10);
    await meanwhile();
    await watch.more(10);
    await Promise.all(indexes.map(index => containerds[index]!.start()));
    await waitFor(
      'live lists',
      () => {
        const log = proxy.log().slice(from);
        return (log.match(/is live again/g)?.length ?? 0) >= 2 * indexes.length || undefined;
      },
      { timeout: 60_000 },
    );
    await watch.more(4);
  };

  for (const [what, indexes] of [
    ['the primary', [0]],
    ['the secondary', [1]],
    ['both', [0, 1]],
  ] as const) {
    await t.test(`${what}: every list is complete, and what was removed just before stays away`, async t => {
      await crash(indexes);
      t.same(watch.take(), []);
      t.ok(watch.slowest < LONGEST, `the slowest list took ${Math.round(watch.slowest)} ms`);
      const left = sides.flat();
      t.same(await idsOf(client, 'ListPodSandbox'), left.map(({ pod }) => pod.id).sort());
      t.same(await idsOf(client, 'ListContainers'), left.map(({ container }) => container).sort());
    });
  }

  await t.test('a container that ends while its containerd is down: the lists tell it afterwards', async t => {
    const { container } = sides[0]![0]!;
    await crash([0], () => {
      const task = join(containerds[0]!.dir, 'state/io.containerd.runtime.v2.task/k8s.io', container);
      process.kill(Number(readFileSync(join(task, 'init.pid'), 'utf8')), 'SIGKILL');
    });
    const { containers } = await client.call('ListContainers', { filter: { id: container } });
    t.match(containers, [{ id: container, state: 'CONTAINER_EXITED' }]);
    t.match((await client.call('ContainerStatus', { container_id: container }))['status'], { exit_code: 137 });
    t.same(watch.take(), []);
  });
});

const runtimeProgram = fileURLToPath(new URL('support/runtime-process.ts', import.meta.url));

test('a runtime that runs in a pod of the primary, from a cold boot', {
  ...needs('root', 'demo'),
}, async t => {
  const folder = mkdtempSync(join(tmpdir(), 'criproxy-cold-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const socket = join(folder, 'alt.sock');
  const { proxy, client } = await startNode(t, 1, socket);
  t.same(await idsOf(client, 'ListPodSandbox'), [], 'lists do not wait for what was never there');

  const pod = await runPod(client, primary, ownNetwork);
  // The program is this machine's, in a container of the primary.
  const container = await runContainer(client, primary, pod, {
    command: ['chroot', '/host', process.execPath, runtimeProgram, socket, join(folder, 'alt.state'), 'alt'],
    mounts: [{ container_path: '/host', host_path: '/' }],
  });
  t.same(await idsOf(client, 'ListPodSandbox'), [pod.id]);
  const made = await waitFor('the runtime in the pod', async () => {
    const { response } = await client.ask('RunPodSandbox', podConfig('in-alt', true));
    return response?.['pod_sandbox_id'] as string | undefined;
  });
  t.match(made, /^alt__/);
  const both = [pod.id, made].sort();
  t.same(await idsOf(client, 'ListPodSandbox'), both);

  await client.call('StopContainer', { container_id: container, timeout: 0 });
  t.same(await idsOf(client, 'ListPodSandbox'), both, 'its pod ended');
  await proxy.stop('SIGKILL');
  await proxy.start();
  t.same(await idsOf(client, 'ListPodSandbox'), both, 'and the proxy was killed and started');
  t.equal((await client.ask('PodSandboxStatus', { pod_sandbox_id: made })).code, 14);
});
