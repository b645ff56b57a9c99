import { test } from 'tap';
import { describeUncompared, findRestarted } from '../../src/cluster/node/containers.ts';
import { type RunningContainer, readRunningContainers } from '../../src/cri/read/running-container.ts';
import { criTypes } from '../support/cri-types.ts';

const SOCKET = '/run/containerd/containerd.sock';
const BEGUN = 1_000_000;

function container(id: string, more: Partial<RunningContainer> = {}): RunningContainer {
  return { id, pod: 'pod-a', name: 'main', createdAt: BEGUN - 60_000, ...more };
}

interface Row {
  readonly name: string;
  readonly before: readonly RunningContainer[] | Error;
  readonly after: readonly RunningContainer[] | Error;
  readonly restarted: readonly string[];
}

const old = container('a');

const rows: readonly Row[] = [
  { name: 'it runs on', before: [old], after: [old], restarted: [] },
  { name: 'it has a successor', before: [old], after: [container('b')], restarted: ['main of pod pod-a'] },
  { name: 'it has ended, and none has followed', before: [old], after: [], restarted: [] },
  { name: 'another of its pod', before: [old], after: [old, container('b', { name: 'side' })], restarted: [] },
  { name: 'the same name in another pod', before: [old], after: [container('b', { pod: 'pod-b' })], restarted: [] },
  {
    name: 'it had only just begun',
    before: [container('a', { createdAt: BEGUN - 1_000 })],
    after: [container('b')],
    restarted: [],
  },
  { name: 'the runtime did not list its own before', before: new Error('gone'), after: [old], restarted: [] },
  { name: 'the runtime does not list its own now', before: [old], after: new Error('gone'), restarted: [] },
];

for (const { name, before, after, restarted } of rows) {
  test(`restarted containers: ${name}`, async t => {
    const found = findRestarted(new Map([[SOCKET, before]]), new Map([[SOCKET, after]]), BEGUN);
    t.same(found, restarted);
  });
}

test('containers that could not be compared are named once', async t => {
  const list = new Map([[SOCKET, new Error('connection refused')]]);
  t.same(describeUncompared(list, list), [`${SOCKET}: connection refused`]);
});

test('the running ones of a list', async t => {
  const list = criTypes('runtime.v1').encode('ListContainersResponse', {
    containers: [
      {
        id: 'a',
        metadata: { name: 'main', attempt: 2 },
        state: 'CONTAINER_RUNNING',
        created_at: '1700000000123456789',
        labels: { 'io.kubernetes.pod.uid': 'pod-a', other: 'x' },
      },
      { id: 'b', metadata: { name: 'main' }, state: 'CONTAINER_EXITED' },
    ],
  });
  t.same(readRunningContainers(list), [{ id: 'a', pod: 'pod-a', name: 'main', createdAt: 1_700_000_000_123 }]);
});
