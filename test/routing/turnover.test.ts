import { type Test, test } from 'tap';
import { Runtimes } from '../../src/routing/runtimes.ts';
import type { Settings } from '../../src/routing/settings.ts';
import { criTypes } from '../support/cri-types.ts';
import { type FakeRuntime, fakeRuntime, Source } from './fakes.ts';
import { type Lab, settle, startLab } from './lab.ts';

const types = criTypes('runtime.v1');
const EVENTS = 'GetContainerEvents';
const CONFIG = 'UpdateRuntimeConfig';
const names = ['created', 'started', 'stopped', 'deleted'];

const settings: Settings = { streamBase: 'http://10.0.0.5:11250', primaryWait: 100, listTimeout: 100 };

const event = (container_id: string) =>
  types.encode('ContainerEventResponse', { container_id, container_event_type: 'CONTAINER_STARTED_EVENT' });

/** A runtime with these pods, and events from a source. */
function withPods(id: string, pods: readonly string[], source = new Source()): FakeRuntime {
  const items = pods.map(pod => ({ id: pod, metadata: { name: pod, uid: `uid-${pod}`, namespace: 'default' } }));
  return fakeRuntime(id, {
    answers: {
      [EVENTS]: () => source,
      ListPodSandbox: types.encode('ListPodSandboxResponse', { items }),
      PodSandboxStatus: request => {
        const { pod_sandbox_id } = types.decode('PodSandboxStatusRequest', request);
        return types.encode('PodSandboxStatusResponse', { status: { id: pod_sandbox_id } });
      },
      [CONFIG]: Buffer.alloc(0),
    },
  });
}

/** As the composition does it: those that are new join, then the rules change. */
function turnTo(lab: Lab, runtimes: readonly [FakeRuntime, ...FakeRuntime[]]): void {
  const before = lab.node.runtimes.all;
  for (const runtime of runtimes) {
    if (before.includes(runtime)) continue;
    lab.node.join(
      runtime,
      before.find(({ id }) => id === runtime.id),
    );
    runtime.comeUp();
  }
  lab.node.turnTo({ runtimes: new Runtimes(runtimes), settings }, undefined);
}

/** An open stream of events, and what it has brought. */
async function listen(t: Test, lab: Lab): Promise<string[]> {
  t.teardown(() => lab.stop());
  const heard: string[] = [];
  void (async () => {
    for await (const message of lab.stream(EVENTS)) {
      const { container_id, container_event_type: type } = types.decode('ContainerEventResponse', message, {
        defaults: true,
      });
      heard.push(`${container_id} ${names[type] ?? String(type).toLowerCase().split('_')[1]}`);
    }
  })().catch(() => {});
  await settle();
  return heard;
}

async function settleAll(): Promise<void> {
  for (let round = 0; round < 10; round++) await settle();
}

test('a stream of events: an added runtime brings what it has, then its events', async t => {
  const [primary, source] = [withPods('', ['p1']), new Source()];
  const lab = startLab([primary]);
  await settleAll();
  const heard = await listen(t, lab);
  turnTo(lab, [primary, withPods('alt', ['a1'], source)]);
  await settleAll();
  source.push(event('c1'));
  await settleAll();
  t.strictSame(heard.slice(-3), ['alt__a1 created', 'alt__a1 started', 'alt__c1 started']);
  t.equal(primary.askedFor(EVENTS).length, 1, 'the stream of the other is as it was');
});

test('a stream of events: a removed runtime takes its pods with it, and its own stream is closed', async t => {
  const [primary, source] = [withPods('', []), new Source()];
  const alt = withPods('alt', ['a1'], source);
  const lab = startLab([primary, alt]);
  alt.comeUp();
  await settleAll();
  const heard = await listen(t, lab);
  await settleAll();
  heard.length = 0;
  turnTo(lab, [primary]);
  await settleAll();
  t.strictSame(heard, ['alt__a1 deleted']);
  t.ok(source.cancelled);
});

test('a stream of events: of a runtime in the place of another comes the difference', async t => {
  const primary = withPods('', []);
  const alt = withPods('alt', ['same', 'old']);
  const lab = startLab([primary, alt]);
  alt.comeUp();
  await settleAll();
  const heard = await listen(t, lab);
  await settleAll();
  heard.length = 0;
  turnTo(lab, [primary, withPods('alt', ['same', 'new'])]);
  await settleAll();
  t.strictSame(heard.sort(), ['alt__new created', 'alt__new started', 'alt__old deleted']);
});

test('a stream of events that the client has opened under rules that are no more', async t => {
  const primary = withPods('', []);
  const lab = startLab([primary]);
  turnTo(lab, [primary, withPods('alt', ['a1'])]);
  await settleAll();
  const source = new Source();
  turnTo(lab, [primary, withPods('more', ['m1'], source)]);
  await settleAll();
  const heard = await listen(t, lab);
  source.push(event('c1'));
  await settleAll();
  t.ok(heard.includes('more__c1 started'), heard.join(', '));
  t.notOk(heard.some(each => each.startsWith('alt__')));
});

test('the last UpdateRuntimeConfig reaches a runtime that is added, once', async t => {
  const primary = withPods('', []);
  const lab = startLab([primary]);
  t.teardown(() => lab.stop());
  await lab.call(CONFIG, { runtime_config: { network_config: { pod_cidr: '10.1.0.0/16' } } });
  const alt = withPods('alt', []);
  turnTo(lab, [primary, alt]);
  await settleAll();
  t.equal(alt.askedFor(CONFIG).length, 1);
});

test('an UpdateRuntimeConfig that comes while a runtime is on its way in reaches it too', async t => {
  const primary = withPods('', []);
  const lab = startLab([primary]);
  t.teardown(() => lab.stop());
  const alt = withPods('alt', []);
  lab.node.join(alt);
  alt.comeUp();
  await lab.call(CONFIG, { runtime_config: { network_config: { pod_cidr: '10.1.0.0/16' } } });
  t.equal(alt.askedFor(CONFIG).length, 0, 'calls are not routed to it yet');
  lab.node.turnTo({ runtimes: new Runtimes([primary, alt]), settings }, undefined);
  await settleAll();
  t.equal(alt.askedFor(CONFIG).length, 1);
});

test('a list that the runtime before has let wait does not keep the new one from being asked', async t => {
  const alt = fakeRuntime('alt', { answers: { ListPodSandbox: () => new Promise<Buffer>(() => {}) } });
  const primary = withPods('', []);
  const lab = startLab([primary, alt]);
  t.teardown(() => lab.stop());
  lab.node.of(alt).pods.set(Buffer.alloc(0), Date.now());
  await lab.call('ListPodSandbox');
  t.ok(lab.node.isOverdue(alt, 'ListPodSandbox'));
  const next = withPods('alt', ['a1']);
  turnTo(lab, [primary, next]);
  t.notOk(lab.node.isOverdue(next, 'ListPodSandbox'));
  t.equal(lab.node.of(next), lab.node.of(alt), 'the snapshot is the same');
});
