import { test } from 'tap';
import { Snapshot } from '../../../src/routing/state/snapshot.ts';
import { WireError } from '../../../src/wire/wire-error.ts';
import { criTypes, type Message } from '../../support/cri-types.ts';
import { decodeSnapshot, encodeSnapshot } from '../../support/snapshot-contents.ts';

const types = criTypes('runtime.v1');
const pods = types.encode('ListPodSandboxResponse', {
  items: [
    { id: 'p1', state: 'SANDBOX_READY' },
    { id: 'p2', state: 'SANDBOX_NOTREADY' },
  ],
});
const states = ['CONTAINER_CREATED', 'CONTAINER_RUNNING', 'CONTAINER_EXITED', 'CONTAINER_UNKNOWN'];
const containers = types.encode('ListContainersResponse', {
  containers: states.map((state, at) => ({ id: `c${at}`, pod_sandbox_id: 'p1', state, labels: { state } })),
});
const images = types.encode('ListImagesResponse', { images: [{ id: 'i1', repo_tags: ['a:1'] }] });

function full(): Snapshot {
  const snapshot = new Snapshot();
  snapshot.pods.set(pods, 1000);
  snapshot.containers.set(containers, 2000);
  snapshot.images.set(images, 3000);
  return snapshot;
}

function read(snapshot: Snapshot): { pods: Message[]; containers: Message[]; images: Message[] } {
  const all = () => true;
  return {
    pods: types.decode('ListPodSandboxResponse', snapshot.pods.list(all))['items'],
    containers: types.decode('ListContainersResponse', snapshot.containers.list(all))['containers'],
    images: types.decode('ListImagesResponse', snapshot.images.list(all))['images'],
  };
}

test('a snapshot is read as it was written, with its times, in the same boot', async t => {
  const back = new Snapshot();
  decodeSnapshot(encodeSnapshot(full(), 'boot'), 'boot', back);
  t.same(read(back), read(full()));
  t.same([back.pods.takenAt, back.containers.takenAt, back.images.takenAt], [1000, 2000, 3000]);
});

test('after another boot: sandboxes NOTREADY, containers EXITED, all else and the images as they were', async t => {
  const back = new Snapshot();
  decodeSnapshot(encodeSnapshot(full(), 'boot'), 'other', back);
  const before = read(full());
  t.same(read(back), {
    pods: before.pods.map(pod => ({ ...pod, state: 'SANDBOX_NOTREADY' })),
    containers: before.containers.map(container => ({ ...container, state: 'CONTAINER_EXITED' })),
    images: before.images,
  });
});

test('lists that were never taken are still unknown when read', async t => {
  const some = new Snapshot();
  some.pods.set(pods, 1000);
  const back = new Snapshot();
  decodeSnapshot(encodeSnapshot(some, 'boot'), 'boot', back);
  t.same([back.pods.takenAt, back.containers.takenAt, back.images.takenAt], [1000, undefined, undefined]);
});

const nameless = full();
nameless.images.set(types.encode('ListImagesResponse', { images: [{ repo_tags: ['a:1'] }] }), 3000);

for (const [what, content] of [
  ['that is cut short', encodeSnapshot(full(), 'boot').subarray(0, -3)],
  ['with an item without an id', encodeSnapshot(nameless, 'boot')],
] as const) {
  test(`content ${what} does not change the snapshot`, async t => {
    const back = new Snapshot();
    t.throws(() => decodeSnapshot(content, 'boot', back), WireError);
    t.same([back.known, back.containers.takenAt, back.images.takenAt], [false, undefined, undefined]);
  });
}
