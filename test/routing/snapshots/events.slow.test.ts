import { queryObjects } from 'node:v8';
import tap, { test } from 'tap';
import { Code } from '../../../src/base/codes.ts';
import { EventSource } from '../../../src/routing/event-source.ts';
import { MergedStream } from '../../../src/routing/merge-streams.ts';
import { NodeView } from '../../../src/routing/node-view.ts';
import { EventLog } from '../../faults/support/event-log.ts';
import { FakePort } from '../../faults/support/fake-port.ts';
import { heapUsed } from '../../faults/support/heap.ts';
import { containerConfig, podConfig, Routed, settled } from '../../faults/support/routed.ts';
import { waitFor } from '../../support/child.ts';
import type { Message } from '../../support/cri-types.ts';
import type { Package } from '../../support/facts.ts';

// Most of the time is spent in waiting for the second's pause between lists.
tap.jobs = 20;

/** What there is of each client that listens. */
const kept = [EventLog, EventSource, NodeView, MergedStream, AbortController] as const;

/** How many there are after a full collection. */
function queryCount(of: (typeof kept)[number]): number {
  return queryObjects(of as new () => object, { format: 'count' });
}

interface Subscribed {
  readonly lab: Routed;
  readonly log: EventLog;
  readonly cancel: () => void;
  /** Of a pod with a running container in each runtime. */
  readonly pods: readonly [string, string];
  readonly containers: readonly [string, string];
}

/** Names of things for the log: p0, c0 in the primary, p1, c1 in the secondary. */
async function subscribed(lab: Routed, before: (lab: Routed) => unknown = () => {}): Promise<Subscribed> {
  await lab.up();
  const made: [string, string][] = [];
  for (const alt of [false, true]) {
    const { pod_sandbox_id: pod } = await lab.call('RunPodSandbox', podConfig('web', alt));
    const { container_id } = await lab.call('CreateContainer', containerConfig(pod, 'main'));
    await lab.call('StartContainer', { container_id });
    made.push([pod, container_id]);
  }
  const names = Object.fromEntries(
    made.flatMap(([pod, container], at) => [
      [pod, `p${at}`],
      [container, `c${at}`],
    ]),
  );
  before(lab);
  const client = new AbortController();
  const log = new EventLog(lab.stream('GetContainerEvents', {}, { signal: client.signal }), names);
  await settled();
  const [[p0, c0], [p1, c1]] = made as [[string, string], [string, string]];
  return { lab, log, cancel: () => client.abort(), pods: [p0, p1], containers: [c0, c1] };
}

function twoPorts(packages: Package[] = ['runtime.v1'], lacking = false): Routed {
  const alt = new FakePort('alt', { packages });
  if (lacking) alt.lacks.add('GetContainerEvents');
  return new Routed({ ports: [new FakePort(''), alt] });
}

test('events of both runtimes come as they happen, in the ids of the lists', { buffered: true }, async t => {
  const { lab, log, cancel, pods, containers } = await subscribed(twoPorts());
  t.teardown(() => lab.stop());
  t.teardown(cancel);
  for (const container_id of containers) await lab.call('StopContainer', { container_id });
  t.same((await log.first(2)).sort(), ['c0 STOPPED', 'c1 STOPPED']);
  for (const [at, event] of log.events.entries()) {
    t.equal(event['pod_sandbox_status'].id, pods[at]);
    t.same(
      event['containers_statuses'].map((status: { id: string }) => status.id),
      [containers[at]],
    );
  }
});

test('a runtime that goes away and returns: the stream goes on, and tells what was missed, once', {
  buffered: true,
}, async t => {
  const { lab, log, cancel, pods, containers } = await subscribed(twoPorts());
  t.teardown(() => lab.stop());
  t.teardown(cancel);
  const { model } = lab.alt;
  lab.alt.down();
  await settled();
  model.handle('StopContainer', { container_id: containers[1].slice('alt__'.length) });
  const pod = model.handle('RunPodSandbox', podConfig('late', true))!['pod_sandbox_id'];
  const container = model.handle('CreateContainer', containerConfig(pod, 'late'))!['container_id'];
  lab.alt.up();
  t.same(await log.first(4), [`alt__${pod} CREATED`, `alt__${pod} STARTED`, 'c1 STOPPED', `alt__${container} CREATED`]);
  const [, , stopped, created] = log.events as Message[];
  t.equal(stopped!['pod_sandbox_status'].id, pods[1]);
  t.equal(stopped!['pod_sandbox_status'].metadata.name, 'web');
  t.match(stopped!['containers_statuses'], [{ id: containers[1], state: 'CONTAINER_EXITED' }]);
  t.match(created!['containers_statuses'], [{ id: `alt__${container}`, state: 'CONTAINER_CREATED' }]);
  await lab.call('StopContainer', { container_id: containers[0] });
  await lab.call('StartContainer', { container_id: `alt__${container}` });
  t.same((await log.first(6)).slice(4).sort(), ['c0 STOPPED', `alt__${container} STARTED`].sort(), 'then live ones');
  t.equal(log.ended, undefined);
});

test('what went away while the runtime was away is told with the pod it was in', { buffered: true }, async t => {
  const { lab, log, cancel, pods } = await subscribed(twoPorts());
  t.teardown(() => lab.stop());
  t.teardown(cancel);
  lab.alt.down();
  lab.alt.model.handle('RemovePodSandbox', { pod_sandbox_id: pods[1].slice('alt__'.length) });
  lab.alt.up();
  t.same(await log.first(2), ['p1 DELETED', 'c1 DELETED']);
  for (const event of log.events) {
    t.match(event['pod_sandbox_status'], { id: pods[1], state: 'SANDBOX_NOTREADY', metadata: { uid: 'uid-web' } });
    t.same(event['containers_statuses'], []);
  }
});

test('what was told before a failure is not told again after it', { buffered: true }, async t => {
  const { lab, log, cancel, containers } = await subscribed(twoPorts());
  t.teardown(() => lab.stop());
  t.teardown(cancel);
  await lab.call('StopContainer', { container_id: containers[1] });
  const { pod_sandbox_id: pod } = await lab.call('RunPodSandbox', podConfig('new', true));
  await log.first(3);
  await lab.call('RemovePodSandbox', { pod_sandbox_id: pod });
  t.same(await log.first(4), ['c1 STOPPED', `${pod} CREATED`, `${pod} STARTED`, `${pod} DELETED`]);
  lab.alt.down();
  lab.alt.up();
  lab.alt.model.handle('RemoveContainer', { container_id: containers[1].slice('alt__'.length) });
  t.same((await log.first(5)).slice(4), ['c1 DELETED']);
});

test('a change that the snapshot has followed and no event has told is told when the runtime returns', {
  buffered: true,
}, async t => {
  const { lab, log, cancel, containers } = await subscribed(twoPorts());
  t.teardown(() => lab.stop());
  t.teardown(cancel);
  lab.alt.model.listeners.clear();
  await lab.call('StopContainer', { container_id: containers[1] });
  lab.alt.down();
  lab.alt.up();
  t.same(await log.first(1), ['c1 STOPPED']);
});

test('a runtime that is down when the client subscribes: what changes until it is up is told', {
  buffered: true,
}, async t => {
  const { lab, log, cancel, containers } = await subscribed(twoPorts(), ({ alt }) => alt.down());
  t.teardown(() => lab.stop());
  t.teardown(cancel);
  lab.alt.model.handle('StopContainer', { container_id: containers[1].slice('alt__'.length) });
  lab.alt.up();
  t.same(await log.first(1), ['c1 STOPPED']);
});

for (const packages of [['runtime.v1'], ['runtime.v1alpha2'], ['runtime']] satisfies Package[][]) {
  test(`a runtime of ${packages} without the method: events are made from its lists`, { buffered: true }, async t => {
    const { lab, log, cancel, pods, containers } = await subscribed(twoPorts(packages, true));
    t.teardown(() => lab.stop());
    t.teardown(cancel);
    await lab.call('StopContainer', { container_id: containers[1] });
    t.same(await log.first(1), ['c1 STOPPED']);
    t.match(log.events[0], {
      pod_sandbox_status: { id: pods[1], metadata: { name: 'web', uid: 'uid-web', namespace: 'tests' } },
      containers_statuses: [{ id: containers[1], state: 'CONTAINER_EXITED' }],
    });
    await lab.call('RemovePodSandbox', { pod_sandbox_id: pods[1] });
    lab.alt.down();
    const { pod_sandbox_id } = lab.alt.model.handle('RunPodSandbox', podConfig('late'))!;
    lab.alt.up();
    const made = [`alt__${pod_sandbox_id} CREATED`, `alt__${pod_sandbox_id} STARTED`];
    t.same((await log.first(5)).slice(1).sort(), [...made, 'c1 DELETED', 'p1 DELETED'].sort());
    t.equal(log.ended, undefined);
  });

  test(`a secondary of ${packages} that was never seen and appears later: all that it has is told`, {
    buffered: true,
  }, async t => {
    const lab = twoPorts(packages, packages[0] !== 'runtime.v1');
    t.teardown(() => lab.stop());
    const pod = lab.alt.model.handle('RunPodSandbox', podConfig('early'))!['pod_sandbox_id'];
    const container = lab.alt.model.handle('CreateContainer', containerConfig(pod, 'early'))!['container_id'];
    await lab.up(lab.primary);
    const client = new AbortController();
    t.teardown(() => client.abort());
    const log = new EventLog(lab.stream('GetContainerEvents', {}, { signal: client.signal }));
    await settled();
    await lab.up(lab.alt);
    await lab.ids('ListContainers');
    t.same(await log.first(3), [`alt__${pod} CREATED`, `alt__${pod} STARTED`, `alt__${container} CREATED`]);
  });
}

test('a runtime without events whose lists fail is asked about once a second', { buffered: true }, async t => {
  const { lab, cancel, log, containers } = await subscribed(twoPorts(['runtime.v1'], true));
  t.teardown(() => lab.stop());
  t.teardown(cancel);
  lab.alt.mode = 'error';
  lab.alt.asked.length = 0;
  await new Promise(resolve => setTimeout(resolve, 2_200));
  t.ok(lab.alt.asked.length > 0 && lab.alt.asked.length < 20, `asked ${lab.alt.asked.length} times in 2.2 s`);
  lab.alt.model.handle('StopContainer', { container_id: containers[1].slice('alt__'.length) });
  lab.alt.mode = 'ok';
  t.same(await log.first(1), ['c1 STOPPED']);
});

test('streams of a runtime whose lists fail after it came back do not pile up', { buffered: true }, async t => {
  const { lab, cancel, log, containers } = await subscribed(twoPorts());
  t.teardown(() => lab.stop());
  t.teardown(cancel);
  lab.alt.lacks.add('ListContainers');
  lab.alt.down();
  lab.alt.up();
  await new Promise(resolve => setTimeout(resolve, 2_200));
  t.ok(lab.alt.open <= 1, `${lab.alt.open} open`);
  lab.alt.model.handle('StopContainer', { container_id: containers[1].slice('alt__'.length) });
  lab.alt.lacks.clear();
  t.same(await log.first(1), ['c1 STOPPED']);
});

test('a client that does not read holds back the runtimes, and reads all of it later', { buffered: true }, async t => {
  const lab = twoPorts();
  t.teardown(() => lab.stop());
  await lab.up();
  const client = new AbortController();
  t.teardown(() => client.abort());
  const stream = lab.stream('GetContainerEvents', {}, { signal: client.signal });
  const first = stream.next();
  await settled();
  const pods: string[] = [];
  for (let index = 0; index < 200; index++)
    pods.push((await lab.call('RunPodSandbox', podConfig(`p${index}`)))['pod_sandbox_id']);
  await settled();
  t.ok(lab.primary.given < 5, `${lab.primary.given} taken from the runtime before the second is read`);
  const lines = [(await first).value!];
  while (lines.length < 400) lines.push((await stream.next()).value!);
  t.same(
    lines.map(event => event['container_id']),
    pods.flatMap(id => [id, id]),
    'in order, none lost',
  );
});

test('1,000 times subscribed and cancelled leaves nothing behind', async t => {
  const lab = twoPorts();
  t.teardown(() => lab.stop());
  await lab.up();
  await lab.call('RunPodSandbox', podConfig('web', true));
  const watching = lab.alt.watching;
  const cycle = async (index: number) => {
    const client = new AbortController();
    const log = new EventLog(lab.stream('GetContainerEvents', {}, { signal: client.signal }));
    await settled();
    if (index % 10 === 0) {
      lab.alt.down();
      await settled();
      client.abort();
      lab.alt.up();
    }
    client.abort();
    await waitFor('the end', () => log.ended, { pause: 0 });
    return log.ended as { code: number };
  };
  const codes = new Set<number>();
  for (let index = 0; index < 200; index++) codes.add((await cycle(index)).code);
  // Some of what is over is held for a moment, by nobody of ours.
  const rest = () => new Promise(resolve => setTimeout(resolve, 500));
  await rest();
  const before = heapUsed();
  const counts = kept.map(queryCount);
  for (let index = 0; index < 1_000; index++) codes.add((await cycle(index)).code);
  await rest();
  const grown = heapUsed() - before;
  t.same([...codes], [Code.Cancelled]);
  for (const [at, of] of kept.entries()) {
    const more = queryCount(of) - counts[at]!;
    t.ok(more < 20, `${more} more of ${of.name}`);
  }
  // What V8 itself keeps of code that has become hot is about 1 MB, however often it runs.
  t.ok(grown < 3_000_000, `the heap has grown by ${Math.round(grown / 1024)} KiB`);
  await settled();
  t.same([lab.primary.open, lab.alt.open, lab.alt.watching], [0, 0, watching], 'no stream, call or listener');
});

test('a client that leaves while a runtime hangs leaves nothing behind', { buffered: true }, async t => {
  const { lab, cancel, log } = await subscribed(twoPorts());
  t.teardown(() => lab.stop());
  lab.alt.down();
  lab.alt.mode = 'hang';
  lab.alt.up();
  await new Promise(resolve => setTimeout(resolve, 600));
  cancel();
  await waitFor('the end', () => log.ended);
  await settled();
  lab.alt.down();
  await settled();
  t.equal(lab.alt.open, 0);
});
