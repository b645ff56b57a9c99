import { type Test, test } from 'tap';
import type { Method } from '../../../src/base/call.ts';
import { Code } from '../../../src/base/codes.ts';
import type { ProxyError } from '../../../src/base/error.ts';
import type { RoutingSettings } from '../../../src/routing/port/routing-settings.ts';
import { Runtimes } from '../../../src/routing/port/runtimes.ts';
import { routedService } from '../../../src/routing/service.ts';
import { criTypes } from '../../support/cri-types.ts';
import { fastForward } from '../../support/virtual-time.ts';
import { type FakeRuntime, fakeRuntime, Source } from '../fakes.ts';
import { callOptions, type Lab, settle, startLab } from '../lab.ts';

const types = criTypes('runtime.v1');
const EVENTS = 'GetContainerEvents';
const CONFIG = 'UpdateRuntimeConfig';

const settings: RoutingSettings = { streamBase: 'http://10.0.0.5:11250', primaryWait: 100, listTimeout: 100 };

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

/** Changes the runtimes as the composition does: new runtimes join, then the generation changes. */
function changeTo(
  lab: Lab,
  runtimes: readonly [FakeRuntime, ...FakeRuntime[]],
  comeUp = runtimes as readonly FakeRuntime[],
): void {
  const before = lab.node.runtimes.all;
  for (const runtime of runtimes) {
    if (before.includes(runtime)) continue;
    lab.node.join(
      runtime,
      before.find(({ id }) => id === runtime.id),
    );
    if (comeUp.includes(runtime)) runtime.comeUp();
  }
  lab.node.changeGeneration({ runtimes: new Runtimes(runtimes), settings }, undefined);
}

async function settleAll(): Promise<void> {
  for (let round = 0; round < 10; round++) await settle();
}

/** An open stream of events, the events so far, and its end. */
async function listen(t: Test, lab: Lab): Promise<{ heard: string[]; end: ProxyError | undefined }> {
  t.teardown(() => lab.stop());
  const listening: { heard: string[]; end: ProxyError | undefined } = { heard: [], end: undefined };
  void (async () => {
    for await (const message of lab.stream(EVENTS))
      listening.heard.push(types.decode('ContainerEventResponse', message)['container_id']);
  })().catch(fault => {
    listening.end = fault;
  });
  await settleAll();
  return listening;
}

/** The runtimes after a reload. `goesOn`: whether the client's knowledge from its lists is still complete. */
const turns: ReadonlyArray<
  readonly [what: string, next: (alt: FakeRuntime) => readonly FakeRuntime[], goesOn: boolean]
> = [
  ['is as it was', alt => [alt], true],
  ['has another beside it, which was never seen', alt => [alt, fakeRuntime('more', { state: 'down' })], true],
  ['has another beside it, which is up', alt => [alt, withPods('more', ['m1'])], false],
  ['is gone', () => [], false],
  ['has another in its place', () => [withPods('alt', ['a1'])], false],
];

for (const [what, next, goesOn] of turns) {
  test(`a stream of events ${goesOn ? 'goes on' : 'ends'} when the configuration changes: the secondary ${what}`, async t => {
    const [source, ofAlt] = [new Source(), new Source()];
    const [primary, alt] = [withPods('', ['p1'], source), withPods('alt', ['a1'], ofAlt)];
    const lab = startLab([primary, alt]);
    const listening = await listen(t, lab);
    const runtimes = next(alt);
    changeTo(
      lab,
      [primary, ...runtimes],
      runtimes.filter(({ state }) => state.kind === 'up'),
    );
    ofAlt.push(event('c1'));
    await settleAll();
    t.match(
      listening,
      goesOn ? { heard: ['alt__c1'], end: undefined } : { heard: [], end: { code: Code.Unavailable } },
    );
    t.equal(ofAlt.cancelled, !runtimes.includes(alt), 'the subscription ends with its runtime');
    t.notOk(source.cancelled);
  });
}

test('a stream of events that goes on ends when a runtime that was added comes up', async t => {
  const primary = withPods('', []);
  const lab = startLab([primary]);
  const listening = await listen(t, lab);
  const more = fakeRuntime('more', { state: 'down' });
  changeTo(lab, [primary, more], []);
  await settleAll();
  t.equal(listening.end, undefined);
  more.comeUp();
  await settleAll();
  t.match(listening.end, { code: Code.Unavailable, message: /runtime more has come up/ });
});

test('a stream of events that the client has opened in a generation that is no more', async t => {
  const primary = withPods('', []);
  const lab = startLab([primary]);
  changeTo(lab, [primary, withPods('alt', ['a1'])]);
  const source = new Source();
  changeTo(lab, [primary, withPods('more', ['m1'], source)]);
  const listening = await listen(t, lab);
  source.push(event('c1'));
  await settleAll();
  t.strictSame(listening.heard, ['more__c1']);
});

test('the last UpdateRuntimeConfig reaches a runtime that is added, once', async t => {
  const primary = withPods('', []);
  const lab = startLab([primary]);
  t.teardown(() => lab.stop());
  await lab.call(CONFIG, { runtime_config: { network_config: { pod_cidr: '10.1.0.0/16' } } });
  const alt = withPods('alt', []);
  changeTo(lab, [primary, alt]);
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
  lab.node.changeGeneration({ runtimes: new Runtimes([primary, alt]), settings }, undefined);
  await settleAll();
  t.equal(alt.askedFor(CONFIG).length, 1);
});

test(
  'a list that the runtime before has let wait does not keep the new one from being asked',
  fastForward(async t => {
    const alt = fakeRuntime('alt', { answers: { ListPodSandbox: () => new Promise<Buffer>(() => {}) } });
    const primary = withPods('', []);
    const lab = startLab([primary, alt]);
    t.teardown(() => lab.stop());
    lab.node.of(alt).pods.set(Buffer.alloc(0), Date.now());
    await lab.call('ListPodSandbox');
    t.ok(lab.node.isOverdue(alt, 'ListPodSandbox'));
    const next = withPods('alt', ['a1']);
    changeTo(lab, [primary, next]);
    t.notOk(lab.node.isOverdue(next, 'ListPodSandbox'));
    t.equal(lab.node.of(next), lab.node.of(alt), 'the snapshot is the same');
  }),
);

test('the last features of a runtime that is down count after it got another id, and not at another socket', async t => {
  const Status = types.encode('StatusResponse', { features: { supplemental_groups_policy: true } });
  for (const [socket, has] of [
    ['/run/alt.sock', true],
    ['/run/other.sock', false],
  ] as const) {
    const [primary, alt] = [fakeRuntime('', { answers: { Status } }), fakeRuntime('alt', { answers: { Status } })];
    const lab = startLab([primary, alt]);
    t.teardown(() => lab.stop());
    await lab.call('Status');
    const kata = Object.assign(fakeRuntime('kata', { state: 'lost' }), { socket });
    lab.node.join(kata, alt);
    const runtimes = new Runtimes([primary, kata]);
    lab.node.changeGeneration({ runtimes, settings }, undefined);
    const asked = routedService(runtimes, settings, lab.node, lab.node.log)('/runtime.v1.RuntimeService/Status');
    const reply = await (asked as Method & { kind: 'unary' }).handle(Buffer.alloc(0), callOptions());
    const { features } = types.decode('StatusResponse', reply.message, { defaults: true });
    t.equal(features?.supplemental_groups_policy ?? false, has, socket);
  }
});
