import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'tap';
import { snapshotStore } from '../../../src/app/generation/snapshot-files.ts';
import { Runtimes } from '../../../src/routing/port/runtimes.ts';
import { NodeState } from '../../../src/routing/state/node-state.ts';
import { SnapshotKeeper } from '../../../src/routing/state/snapshot-keeper.ts';
import type { SnapshotStore } from '../../../src/routing/state/snapshot-store.ts';
import { keepingLogger } from '../../faults/support/routed.ts';
import { criTypes } from '../../support/cri-types.ts';
import { ModelPort } from '../../support/fakes/model-port.ts';

const types = criTypes('runtime.v1');
const id = (kind: string, index: number) => createHash('sha256').update(`${kind}${index}`).digest('hex');
const labels = (index: number) => ({
  'io.kubernetes.container.name': 'main',
  'io.kubernetes.pod.name': `workload-7f9c6d5b8-${index}`,
  'io.kubernetes.pod.namespace': 'production',
  'io.kubernetes.pod.uid': id('uid', index).slice(0, 36),
});

test('a followed call at 500 pods, 1,000 containers and 300 images writes 20 kB at most, in 1 ms of CPU', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'criproxy-cost-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const port = new ModelPort('alt');
  const log = keepingLogger();
  const node = new NodeState(new Runtimes([new ModelPort(''), port]), undefined, log);
  t.teardown(() => node.stop());
  let bytes = 0;
  const store = counting(snapshotStore(folder, log), size => {
    // There are two files.
    bytes += 2 * size;
  });
  const keeper = await SnapshotKeeper.open(node, store, 'boot', log);
  t.teardown(() => keeper.stop());
  const snapshot = node.of(port);
  snapshot.seen = true;
  const array = (length: number) => Array.from({ length }, (_, index) => index);
  const pods = array(500).map(at => ({ id: id('pod', at), labels: labels(at), annotations: labels(at) }));
  const containers = array(1_000).map(at => ({
    id: id('container', at),
    pod_sandbox_id: id('pod', at % 500),
    image: { image: `sha256:${id('image', at % 300)}` },
    labels: labels(at),
    annotations: labels(at),
    state: 'CONTAINER_RUNNING',
  }));
  const images = array(300).map(at => ({
    id: `sha256:${id('image', at)}`,
    repo_tags: [`registry.example.com/application-${at}:1`],
    repo_digests: [`registry.example.com/application-${at}@sha256:${id('digest', at)}`],
  }));
  snapshot.pods.set(types.encode('ListPodSandboxResponse', { items: pods }), Date.now());
  snapshot.containers.set(types.encode('ListContainersResponse', { containers }), Date.now());
  snapshot.images.set(types.encode('ListImagesResponse', { images }), Date.now());
  await keeper.flush();
  t.ok(bytes > 500_000, `${bytes} bytes for the whole`);

  let at = 0;
  const follow = async (count: number) => {
    for (const end = at + count; at < end; at++) {
      const request = types.encode('CreateContainerRequest', {
        pod_sandbox_id: id('pod', at % 500),
        config: { metadata: { name: 'main' }, image: { image: `sha256:${id('image', at % 300)}` }, labels: labels(at) },
      });
      const answer = types.encode('CreateContainerResponse', { container_id: id('new', at) });
      void node.follow(port, node.begin(port, 'addContainer', request), answer);
      await keeper.flush();
    }
  };
  await follow(200);
  bytes = 0;
  const before = process.cpuUsage();
  await follow(1_000);
  const { user, system } = process.cpuUsage(before);
  const [cpu, size] = [(user + system) / 1_000 / 1_000, bytes / 1_000];
  t.comment(`${cpu.toFixed(2)} ms of CPU and ${Math.round(size)} bytes a call`);
  t.ok(size < 20_000, `${Math.round(size)} bytes`);
  t.ok(cpu < 1, `${cpu.toFixed(2)} ms`);
  t.strictSame(log.lines, []);
});

function counting(store: SnapshotStore, count: (size: number) => void): SnapshotStore {
  return {
    ...store,
    replace(socket, state) {
      count(state.length);
      return store.replace(socket, state);
    },
    append(socket, change) {
      count(change.length);
      return store.append(socket, change);
    },
  };
}
