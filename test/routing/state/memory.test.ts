import { createHash } from 'node:crypto';
import { test } from 'tap';
import { Runtimes } from '../../../src/routing/port/runtimes.ts';
import { FollowedCall } from '../../../src/routing/state/followed-call.ts';
import { NodeState } from '../../../src/routing/state/node-state.ts';
import { SnapshotKeeper } from '../../../src/routing/state/snapshot-keeper.ts';
import { keepingLogger } from '../../faults/support/routed.ts';
import { criTypes } from '../../support/cri-types.ts';
import { ModelPort } from '../../support/fakes/model-port.ts';
import { memoryInUse } from '../../support/memory-in-use.ts';

const LIMIT = 5_000_000;
const types = criTypes('runtime.v1');
const id = (kind: string, index: number) => createHash('sha256').update(`${kind}${index}`).digest('hex');

/** Containers with the labels and annotations that the kubelet makes (pkg/kubelet/kuberuntime/labels.go). */
function containers(count: number): Buffer {
  const items = Array.from({ length: count }, (_, index) => ({
    id: id('container', index),
    pod_sandbox_id: id('pod', index),
    metadata: { name: 'main', attempt: 1 },
    image: { image: `sha256:${id('image', index % 500)}` },
    image_ref: `sha256:${id('image', index % 500)}`,
    image_id: `sha256:${id('image', index % 500)}`,
    state: 'CONTAINER_RUNNING',
    created_at: 1_700_000_000_000_000_000n + BigInt(index),
    labels: {
      'io.kubernetes.container.name': 'main',
      'io.kubernetes.pod.name': `workload-7f9c6d5b8-${index}`,
      'io.kubernetes.pod.namespace': 'production',
      'io.kubernetes.pod.uid': id('uid', index).slice(0, 36),
    },
    annotations: {
      'io.kubernetes.container.hash': 'a1b2c3d4',
      'io.kubernetes.container.restartCount': '1',
      'io.kubernetes.container.terminationMessagePath': '/dev/termination-log',
      'io.kubernetes.container.terminationMessagePolicy': 'File',
      'io.kubernetes.pod.terminationGracePeriod': '30',
    },
  }));
  return types.encode('ListContainersResponse', { containers: items });
}

function images(count: number): Buffer {
  const items = Array.from({ length: count }, (_, index) => ({
    id: `sha256:${id('image', index)}`,
    repo_tags: [`registry.example.com/team/application-${index}:v1.2.${index}`],
    repo_digests: [`registry.example.com/team/application-${index}@sha256:${id('digest', index)}`],
    size: 123_456_789,
    username: 'nobody',
  }));
  return types.encode('ListImagesResponse', { images: items });
}

test('1,000 containers and 500 images in snapshots that are listed, changed and written cost at most 5 MB', async t => {
  const port = new ModelPort('');
  const runtimes = new Runtimes([port]);
  const node = new NodeState(runtimes, undefined, keepingLogger());
  const done = async () => {};
  const store = { load: async () => [], mark: done, replace: done, append: done, remove: done, close: done };
  const keeper = await SnapshotKeeper.open(node, store, 'boot', keepingLogger());
  const snapshot = node.of(port);
  snapshot.seen = true;
  snapshot.pods.set(Buffer.alloc(0), Date.now());
  await keeper.stop();

  const before = await memoryInUse();
  snapshot.containers.set(containers(1_000), Date.now());
  snapshot.images.set(images(500), Date.now());
  const asBytes = (await memoryInUse()) - before;
  // Indexed by a failure, changed by calls, and written: the snapshot then holds all that it ever holds at once.
  snapshot.containers.list(() => true);
  snapshot.images.list(() => true);
  for (let index = 0; index < 1_000; index++) {
    const request = types.encode('StopContainerRequest', { container_id: id('container', index) });
    new FollowedCall(snapshot, 'stopContainer', request).answered(Buffer.alloc(0));
  }
  await keeper.stop();
  const inUse = (await memoryInUse()) - before;
  node.stop();

  t.ok(
    inUse < LIMIT,
    `${(inUse / 1e6).toFixed(1)} MB indexed and changed, ${(asBytes / 1e6).toFixed(1)} MB as it came`,
  );
  t.equal(snapshot.containers.index().size, 1_000, 'it is all still there');
});
