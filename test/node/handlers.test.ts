import { test } from 'tap';
import { runContainer, runPod } from '../support/pods.ts';
import { needs } from '../support/require.ts';
import { startTwoRuntimes } from '../support/two-runtimes.ts';

const TARGET = 'kubernetes.io/target-runtime';
let last = 0;

function podConfig(annotations: Record<string, string> = {}) {
  const name = `handled-${++last}`;
  return { metadata: { name, uid: `uid-${name}`, namespace: 'tests' }, annotations, linux: {} };
}

test('runtime handlers on real runtimes', needs('root', 'demo', 'registry'), async t => {
  const lab = await startTwoRuntimes({
    handlers: { primary: ['fast'], secondary: ['sandboxed'] },
    flags: ['-handlers', 'gvisor=alt:sandboxed,plain=alt,quick=:fast'],
  });
  t.teardown(() => lab.stop());
  const { client, primary, secondary } = lab;

  /** Handler and annotation, the runtime of the pod, and its handler there. */
  const routes = [
    { handler: '', annotation: '', side: primary, own: '' },
    { handler: 'fast', annotation: '', side: primary, own: 'fast' },
    { handler: 'quick', annotation: '', side: primary, own: 'fast' },
    { handler: 'alt', annotation: '', side: secondary, own: '' },
    { handler: 'plain', annotation: '', side: secondary, own: '' },
    { handler: 'gvisor', annotation: '', side: secondary, own: 'sandboxed' },
    { handler: '', annotation: 'alt', side: secondary, own: '' },
    { handler: 'gvisor', annotation: 'alt', side: secondary, own: 'sandboxed' },
    { handler: 'sandboxed', annotation: 'alt', side: secondary, own: 'sandboxed' },
  ];

  for (const { handler, annotation, side, own } of routes) {
    await t.test(`handler "${handler}" with annotation "${annotation}" is "${own}" of the ${side.name}`, async t => {
      const config = podConfig(annotation === '' ? {} : { [TARGET]: annotation });
      const { pod_sandbox_id } = await client.call('RunPodSandbox', { config, runtime_handler: handler });
      const id = pod_sandbox_id.slice(side.idPrefix.length);
      t.match(pod_sandbox_id, new RegExp(`^${side.idPrefix}[0-9a-f]{64}$`));
      const direct = await side.direct.call('PodSandboxStatus', { pod_sandbox_id: id });
      t.equal(direct.status.runtime_handler, own);
      const { status } = await client.call('PodSandboxStatus', { pod_sandbox_id });
      t.equal(status.runtime_handler, handler, 'the client sees the one that it asked for');
      const { items } = await client.call('ListPodSandbox', { filter: { id: pod_sandbox_id } });
      t.equal(items[0].runtime_handler, handler);
    });
  }

  await t.test('the requested handlers of pods outlive the proxy', async t => {
    const before = (await client.call('ListPodSandbox')).items;
    await lab.proxy.stop('SIGTERM');
    await lab.proxy.start();
    const { items } = await client.call('ListPodSandbox', {}, { deadline: 20_000 });
    const handlers = (list: typeof items) =>
      Object.fromEntries(list.map((item: typeof before) => [item.id, item.runtime_handler]));
    t.same(handlers(items), handlers(before));
    t.equal(items.length, routes.length);
  });

  await t.test('refusals', async t => {
    const contradicting = { config: podConfig({ [TARGET]: 'alt' }), runtime_handler: 'quick' };
    t.match(await client.ask('RunPodSandbox', contradicting), {
      code: 3,
      details:
        'the runtime handler "quick" belongs to the primary runtime, but the pod annotation kubernetes.io/target-runtime names runtime alt',
    });
    const unknown = await client.ask('RunPodSandbox', { config: podConfig(), runtime_handler: 'nowhere' });
    t.match(unknown, { code: 2, details: /no runtime for "nowhere" is configured/ }, "the primary's own words");
  });

  await t.test('the status of the node', async t => {
    const { status, info } = await client.call('Status', { verbose: true });
    const conditions = Object.fromEntries(
      status.conditions.map((each: { type: string; status: boolean }) => [each.type, each.status]),
    );
    t.match(conditions, { RuntimeReady: true, NetworkReady: true, 'criproxy.alt/Ready': true });
    t.notOk('criproxy.alt/CgroupDriver' in conditions, 'both have the same driver');
    t.ok(JSON.parse(info.config).containerd, "the primary's own info");
    const { runtimes } = JSON.parse(info.criproxy);
    t.match(runtimes, [
      { id: '', state: 'up', name: 'containerd' },
      { id: 'alt', state: 'up', name: 'containerd' },
    ]);
    const { linux } = await client.call('RuntimeConfig');
    t.equal(linux.cgroup_driver, 'CGROUPFS', 'made from the configuration of a containerd without the method');
  });

  for (const side of lab.sides) {
    await t.test(`kubectl debug --target on the ${side.name}`, async t => {
      const pod = await runPod(client, side);
      const target_id = await runContainer(client, side, pod, { command: ['sleep', '4711'] });
      const options = { pid: 'TARGET', target_id };
      const linux = { security_context: { namespace_options: options } };
      const debug = await runContainer(client, side, pod, { linux });
      const { stdout } = await client.call('ExecSync', { container_id: debug, cmd: ['ps'] });
      t.match(String(stdout), /sleep 4711/, 'it sees the processes of the other container');
    });
  }

  await t.test("the target of another runtime's is refused", async t => {
    const [pod, other] = [await runPod(client, secondary), await runPod(client, primary)];
    const target_id = await runContainer(client, primary, other);
    const linux = { security_context: { namespace_options: { pid: 'TARGET', target_id } } };
    const config = { metadata: { name: 'debug' }, image: { image: 'busybox' }, linux };
    const { code, details } = await client.ask('CreateContainer', {
      pod_sandbox_id: pod.id,
      sandbox_config: pod.config,
      config,
    });
    t.equal(code, 3);
    t.match(details, /belongs to the primary runtime, but the call is for runtime alt/);
  });
});
