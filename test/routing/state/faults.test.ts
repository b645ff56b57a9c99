import { test } from 'tap';
import { Code } from '../../../src/base/codes.ts';
import {
  containerConfig,
  itemsOf,
  podConfig,
  Routed,
  type RoutedOptions,
  settled,
} from '../../faults/support/routed.ts';
import type { Message } from '../../support/cri-types.ts';
import type { ModelPort } from '../../support/fakes/model-port.ts';
import { elapse, fastForward } from '../../support/virtual-time.ts';

/** A pod with a running container and an image in each of two runtimes. */
async function populated(options: RoutedOptions = {}): Promise<{ lab: Routed; pods: string[]; containers: string[] }> {
  const lab = new Routed(options);
  await lab.up();
  const pods: string[] = [];
  const containers: string[] = [];
  for (const alt of [false, true]) {
    const { pod_sandbox_id } = await lab.call('RunPodSandbox', podConfig(alt ? 'other' : 'web', alt, { app: 'web' }));
    const { container_id } = await lab.call('CreateContainer', containerConfig(pod_sandbox_id, 'main', { app: 'web' }));
    await lab.call('StartContainer', { container_id });
    await lab.call('PullImage', { image: { image: alt ? 'alt/busybox' : 'busybox' } });
    pods.push(pod_sandbox_id);
    containers.push(container_id);
  }
  await settled();
  return { lab, pods, containers };
}

const failWith = (errorCode: number) => (port: ModelPort) => Object.assign(port.faults, { mode: 'error', errorCode });

const faults: Record<string, (port: ModelPort) => unknown> = {
  'is down': port => port.goDown(),
  hangs: port => Object.assign(port.faults, { mode: 'hang' }),
  'fails with Unknown': failWith(Code.Unknown),
  'fails with InvalidArgument': failWith(Code.InvalidArgument),
  'fails with Unimplemented': failWith(Code.Unimplemented),
  'fails with NotFound': failWith(Code.NotFound),
};

for (const [what, fail] of Object.entries(faults)) {
  for (const which of ['primary', 'secondary', 'both'] as const) {
    test(`${which} ${what}: lists stay whole, with and without filters`, async t => {
      const { lab, pods, containers } = await populated();
      t.teardown(() => lab.stop());
      const images = await lab.ids('ListImages');
      for (const [index, port] of lab.ports.entries())
        if (['primary', 'secondary'][index] === which || which === 'both') fail(port);
      const [first, second] = containers as [string, string];

      t.same(await lab.ids('ListPodSandbox'), [...pods].sort());
      t.same(await lab.ids('ListContainers'), [...containers].sort());
      t.same(await lab.ids('ListImages'), images);
      for (const [index, id] of containers.entries()) {
        t.same(await lab.ids('ListContainers', { id }), [id], `id ${index}`);
        t.same(await lab.ids('ListContainers', { pod_sandbox_id: pods[index] }), [id], `pod ${index}`);
      }
      t.same(await lab.ids('ListContainers', { state: { state: 'CONTAINER_RUNNING' } }), [first, second].sort());
      t.same(await lab.ids('ListContainers', { state: { state: 'CONTAINER_EXITED' } }), []);
      t.same(await lab.ids('ListContainers', { label_selector: { app: 'web' } }), [first, second].sort());
      t.same(await lab.ids('ListPodSandbox', { label_selector: { app: 'db' } }), []);
      t.equal((await lab.ids('ListImages', { image: { image: 'alt/busybox' } })).length, 1);
    });
  }
}

for (const [what, fail] of Object.entries(faults)) {
  if (what === 'fails with Unimplemented') continue;
  test(`streams of lists when the secondary ${what} come from its snapshot`, async t => {
    const { lab, pods, containers } = await populated();
    t.teardown(() => lab.stop());
    fail(lab.alt);
    const found: string[] = [];
    for await (const message of lab.stream('StreamContainers')) found.push(...itemsOf(message).map(item => item['id']));
    t.same(found.sort(), [...containers].sort());
    const running: string[] = [];
    for await (const message of lab.stream('StreamPodSandboxes', { filter: { id: pods[1] } }))
      running.push(...itemsOf(message).map(item => item['id']));
    t.same(running, [pods[1]]);
    await settled();
    const own = what === 'hangs' ? 1 : 0;
    t.equal(lab.alt.open, own, 'nothing is left open but the question by which the proxy learns that it answers again');
  });
}

test(
  'a streamed list waits for a secondary that hangs once, and for a client in a hurry not as long',
  fastForward(async t => {
    const { lab, containers } = await populated({ listTimeout: 2_000 });
    t.teardown(() => lab.stop());
    lab.alt.faults.hang();
    const take = async (patience: number) => {
      const from = performance.now();
      const found: string[] = [];
      for await (const message of lab.stream('StreamContainers', {}, { deadline: from + patience }))
        found.push(...itemsOf(message).map(item => item['id']));
      t.same(found.sort(), [...containers].sort());
      return performance.now() - from;
    };
    t.ok((await take(100)) < 1_500, 'in a hurry');
    t.ok((await take(10_000)) >= 1_990, 'the limit of the list');
    t.ok((await take(10_000)) < 1_500, 'the next one');
    lab.alt.faults.goOn();
    await settled();
    await take(10_000);
    t.equal(lab.alt.asked.at(-1)?.method, 'StreamContainers', 'it is asked again');
  }),
);

for (const breakAfter of [0, 1, 2, 3]) {
  test(`a stream that breaks after ${breakAfter} of 3 messages: the rest comes, nothing twice`, async t => {
    const { lab } = await populated();
    t.teardown(() => lab.stop());
    for (let index = 0; index < 4; index++) await lab.call('RunPodSandbox', podConfig(`more-${index}`, true));
    const all = await lab.ids('ListPodSandbox');
    lab.alt.faults.breakAfter = breakAfter;
    const found: string[] = [];
    for await (const message of lab.stream('StreamPodSandboxes'))
      found.push(...itemsOf(message).map(item => item['id']));
    t.same(found.sort(), all);
  });
}

test('a streamed message with an item that has no id is not passed on: the snapshot is', async t => {
  const { lab, containers } = await populated();
  t.teardown(() => lab.stop());
  for (const item of lab.alt.model.state.containers.values()) item['id'] = '';
  const found: string[] = [];
  for await (const message of lab.stream('StreamContainers')) found.push(...itemsOf(message).map(item => item['id']));
  t.same(found.sort(), [...containers].sort());
});

test('an item removed just before a failure does not come back, and an item made just before is there', async t => {
  const { lab, pods, containers } = await populated();
  t.teardown(() => lab.stop());
  await lab.call('RemoveContainer', { container_id: containers[1] });
  const { pod_sandbox_id: made } = await lab.call('RunPodSandbox', podConfig('late', true, { app: 'late' }));
  const { container_id } = await lab.call('CreateContainer', containerConfig(made, 'main'));
  lab.alt.goDown();
  t.same(await lab.ids('ListContainers'), [containers[0], container_id].sort());
  t.same(await lab.ids('ListPodSandbox'), [...pods, made].sort());
  t.same(await lab.ids('ListPodSandbox', { label_selector: { app: 'late' } }), [made]);
});

test(
  'a hung runtime costs the first list its budget and later ones nothing, until it answers',
  fastForward(async t => {
    const { lab, containers } = await populated({ listTimeout: 150 });
    t.teardown(() => lab.stop());
    lab.alt.faults.mode = 'hang';
    await lab.ids('ListContainers');
    const asked = lab.alt.asked.length;
    for (let index = 0; index < 50; index++) await lab.ids('ListContainers');
    t.equal(lab.alt.asked.length, asked, 'it is not asked again meanwhile');
    lab.alt.goDown();
    lab.alt.faults.mode = 'ok';
    await lab.up(lab.alt);
    t.same(await lab.ids('ListContainers'), [...containers].sort());
    t.ok(lab.alt.asked.length > asked);
  }),
);

test(
  'the log says it once per change, with the age',
  fastForward(async t => {
    const { lab } = await populated();
    t.teardown(() => lab.stop());
    const before = lab.logged.length;
    lab.alt.goDown('gone');
    for (let index = 0; index < 5; index++) await lab.ids('ListContainers');
    lab.alt.comeUp();
    for (let index = 0; index < 5; index++) await lab.ids('ListContainers');
    const lines = lab.logged.slice(before);
    t.equal(lines.length, 2);
    t.match(lines[0], /^ListContainers of runtime alt comes from its snapshot of \d+\.\d s ago: gone$/);
    t.match(lines[1], 'ListContainers of runtime alt is live again');
  }),
);

test(
  '-maxSnapshotAge: a list fails with Unavailable when the snapshot of a runtime that is down is older',
  fastForward(async t => {
    const { lab } = await populated({ maxAge: 100 });
    t.teardown(() => lab.stop());
    lab.alt.goDown();
    t.equal((await lab.fault('ListContainers')).code, Code.OK);
    await elapse(150);
    for (const list of ['ListContainers', 'ListPodSandbox', 'ListImages']) {
      const fault = await lab.fault(list);
      t.equal(fault['code'], Code.Unavailable, list);
      t.match(fault['message'], 'more than -maxSnapshotAge');
    }
  }),
);

test('a secondary that was never seen is left out, and its lists are not waited for', async t => {
  const lab = new Routed();
  t.teardown(() => lab.stop());
  await lab.up(lab.primary);
  const { pod_sandbox_id } = await lab.call('RunPodSandbox', podConfig('brings-alt'));
  t.same(await lab.ids('ListPodSandbox'), [pod_sandbox_id]);
  t.same(await lab.ids('ListImages'), []);
});

test('a secondary that is up and has given no list yet makes lists fail, not shorter', async t => {
  const lab = new Routed();
  t.teardown(() => lab.stop());
  lab.alt.faults.mode = 'error';
  await lab.up();
  t.equal((await lab.fault('ListPodSandbox')).code, Code.Unavailable);
  lab.alt.goDown();
  t.equal((await lab.fault('ListPodSandbox')).code, Code.Unavailable, 'down again, and still unknown');
});

const ofOne: ReadonlyArray<[method: string, request: (pod: string, container: string) => object]> = [
  ['PodSandboxStatus', pod => ({ pod_sandbox_id: pod })],
  ['StopPodSandbox', pod => ({ pod_sandbox_id: pod })],
  ['RemovePodSandbox', pod => ({ pod_sandbox_id: pod })],
  ['ContainerStatus', (_, container) => ({ container_id: container })],
  ['StopContainer', (_, container) => ({ container_id: container })],
  ['ExecSync', (_, container) => ({ container_id: container })],
];
for (const [method, request] of ofOne) {
  test(`${method}: Unavailable when its runtime is down, whether it knows the id or not`, async t => {
    const { lab, pods, containers } = await populated();
    t.teardown(() => lab.stop());
    lab.primary.goDown();
    lab.alt.goDown();
    for (const prefix of ['', 'alt__']) {
      const known = request(pods[prefix === '' ? 0 : 1]!, containers[prefix === '' ? 0 : 1]!);
      t.equal((await lab.fault(method, known)).code, Code.Unavailable, `known to ${prefix || 'the primary'}`);
      const unknown = request(`${prefix}nothing`, `${prefix}nothing`);
      t.equal((await lab.fault(method, unknown)).code, Code.Unavailable, `unknown to ${prefix || 'the primary'}`);
    }
  });
}

test('NotFound comes only from a runtime that has answered', async t => {
  const { lab } = await populated();
  t.teardown(() => lab.stop());
  const fault = await lab.fault('ContainerStatus', { container_id: 'alt__nothing' });
  t.equal(fault['code'], Code.NotFound);
  t.same(await lab.call('RemoveContainer', { container_id: 'alt__nothing' }), {});
});

test('the primary down: Version stands, Status is Unavailable, lists and the secondary go on', async t => {
  const { lab, pods, containers } = await populated();
  t.teardown(() => lab.stop());
  lab.primary.goDown();
  t.equal((await lab.call('Version'))['runtime_name'], 'primary');
  t.equal((await lab.fault('Status')).code, Code.Unavailable);
  t.same(await lab.ids('ListPodSandbox'), [...pods].sort());
  t.equal((await lab.call('ContainerStatus', { container_id: containers[1] }))['status'].id, containers[1]);
});

for (const [what, fail] of Object.entries(faults)) {
  if (what === 'fails with Unimplemented') continue;
  test(`stats of the secondary come from its last samples when it ${what}`, async t => {
    const { lab, containers } = await populated();
    t.teardown(() => lab.stop());
    const ids = async () =>
      (await lab.call('ListContainerStats'))['stats'].map((each: Message) => each['attributes'].id);
    t.same(await ids(), containers);
    fail(lab.alt);
    t.same(await ids(), containers);
  });
}

test('UpdateRuntimeConfig is replayed to a runtime that comes up later, and comes back', async t => {
  const lab = new Routed();
  t.teardown(() => lab.stop());
  await lab.up(lab.primary);
  const config = { runtime_config: { network_config: { pod_cidr: '10.1.0.0/24' } } };
  await lab.call('UpdateRuntimeConfig', config);
  t.match(lab.primary.model.configs, [config.runtime_config]);
  await lab.up(lab.alt);
  t.match(lab.alt.model.configs, [config.runtime_config], 'it came up for the first time');
  lab.alt.goDown();
  await lab.up(lab.alt);
  t.equal(lab.alt.model.configs.length, 2, 'it came back');
});
