import tap, { test } from 'tap';
import { Code } from '../../../src/base/codes.ts';
import { Snapshot } from '../../../src/routing/state/snapshot.ts';
import { containerConfig, podConfig } from '../../faults/support/routed.ts';
import { criTypes, type Message } from '../../support/cri-types.ts';
import { EngineNode } from './engine-node.ts';

tap.jobs = 4;

/** The ways in which a configuration takes effect. */
const ways = ['reload', 'restart', 'kill'] as const;

async function turn(node: EngineNode, way: (typeof ways)[number], connect: string): Promise<void> {
  if (way === 'reload') {
    await node.generations.change(node.config(connect));
    return;
  }
  await node.generations.flush();
  if (way === 'kill') await node.kill();
  else await node.stop();
  await node.start(connect);
}

/** The pod sandboxes of the answers to a container list, by container id. */
async function containers(node: EngineNode, filter: Message = {}): Promise<Message[]> {
  return (await node.call('ListContainers', { filter }))['containers'];
}

for (const way of ways) {
  test(`pods and containers keep their ids when the runtimes change places by ${way}, and new ones get new ids`, async t => {
    const node = new EngineNode(t);
    await node.start('A,next:B');
    const run = async (name: string, target?: string) => {
      const request = podConfig(name);
      if (target !== undefined) request['config'].annotations = { 'kubernetes.io/target-runtime': target };
      return (await node.call('RunPodSandbox', request))['pod_sandbox_id'] as string;
    };
    const a = await run('a');
    const b = await run('b', 'next');
    const { container_id } = await node.call('CreateContainer', containerConfig(b, 'c'));
    t.match(b, /^next__/);
    t.match(container_id, /^next__/);
    t.strictSame(await node.pods(), [a, b].sort());

    await turn(node, way, 'B,next:A');
    t.strictSame(await node.pods(), [a, b].sort(), 'the list');
    t.match(await containers(node), [{ id: container_id, pod_sandbox_id: b }], 'the containers');
    t.match(await containers(node, { pod_sandbox_id: b }), [{ id: container_id }], 'a filter by the kept id');
    t.match(await containers(node, { pod_sandbox_id: a }), [], 'a filter by the other kept id');
    for (const id of [a, b, b.slice(0, 'next__'.length + 13)]) {
      const { status } = await node.call('PodSandboxStatus', { pod_sandbox_id: id });
      t.equal(status.id, id === a ? a : b, `the status of ${id}`);
    }
    const { container_id: second } = await node.call('CreateContainer', containerConfig(b, 'd'));
    t.notMatch(second, /__/, 'a new container of a kept pod has an id of today');
    t.match((await containers(node, { pod_sandbox_id: b })).map(({ id }) => id).sort(), [container_id, second].sort());
    const c = await run('c');
    const d = await run('d', 'next');
    t.notMatch(c, /__/, 'the new primary makes bare ids');
    t.match(d, /^next__/, 'the old primary makes ids with a prefix');
    t.strictSame(await node.pods(), [a, b, c, d].sort());

    await turn(node, way, 'A,next:B');
    t.strictSame(await node.pods(), [a, b, c, d].sort(), 'after the way back too');
    for (const id of [a, b, c, d]) t.equal(await node.code('RemovePodSandbox', { pod_sandbox_id: id }), 0, id);
    t.strictSame(await node.pods(), [], 'each call has met its own pod');
  });

  test(`a secondary is promoted and the old primary removed by ${way}: its pods keep their ids`, async t => {
    const node = new EngineNode(t);
    await node.start('A,next:B');
    const request = podConfig('b');
    request['config'].annotations = { 'kubernetes.io/target-runtime': 'next' };
    const { pod_sandbox_id: b } = await node.call('RunPodSandbox', request);
    await turn(node, way, 'B,old:A');
    await turn(node, way, 'B');
    node.engine('B').set('down');
    t.strictSame(await node.pods(), [b], 'from the snapshot');
    node.engine('B').set(undefined);
    t.equal(
      await node.code('PodSandboxStatus', { pod_sandbox_id: 'next__f00' }),
      Code.NotFound,
      'no other id has the prefix',
    );
  });
}

test('the ids of removed pods and containers are forgotten, in memory and on the disk', async t => {
  const node = new EngineNode(t);
  await node.start('A,next:B');
  const made = async (name: string) => {
    const request = podConfig(name);
    request['config'].annotations = { 'kubernetes.io/target-runtime': 'next' };
    const { pod_sandbox_id: pod } = await node.call('RunPodSandbox', request);
    const { container_id: container } = await node.call('CreateContainer', containerConfig(pod, 'c'));
    return { pod, container };
  };
  const [first, second] = [await made('a'), await made('b')];
  const kept = () => {
    const { runtimes, node: state } = node.generations.placement;
    return [...state.of(runtimes.primary).shownIds.entries()].length;
  };
  await turn(node, 'reload', 'B,next:A');
  t.equal(kept(), 4);
  t.equal(await node.code('RemoveContainer', { container_id: first.container }), 0);
  t.strictSame(
    (await containers(node)).map(({ id }) => id),
    [second.container],
  );
  t.equal(kept(), 3, 'the removed container is forgotten');
  t.equal(await node.code('RemovePodSandbox', { pod_sandbox_id: first.pod }), 0);
  t.strictSame(await node.pods(), [second.pod]);
  t.equal(kept(), 2, 'the removed pod is forgotten');
  await turn(node, 'restart', 'B,next:A');
  t.equal(kept(), 2, 'on the disk too');
  t.strictSame(await node.pods(), [second.pod], 'the other pod keeps its id');
  t.equal(await node.code('RemovePodSandbox', { pod_sandbox_id: second.pod }), 0);
  t.strictSame([await node.pods(), await containers(node)], [[], []]);
  t.equal(kept(), 0);
});

test('the pod of a listed container keeps its id when the list of pods has lost it', t => {
  const types = criTypes('runtime.v1');
  const snapshot = new Snapshot();
  const answer = (listing: Snapshot['pods'], list: Buffer) => listing.answer(listing.ask(), list, 1);
  const podList = (items: Message[]) => types.encode('ListPodSandboxResponse', { items });
  answer(snapshot.pods, podList([{ id: 'p' }, { id: 'q' }]));
  answer(
    snapshot.containers,
    types.encode('ListContainersResponse', { containers: [{ id: 'c', pod_sandbox_id: 'p' }] }),
  );
  snapshot.keepShownIds('next__', '');
  answer(snapshot.pods, podList([]));
  t.strictSame(
    ['p', 'q', 'c'].map(id => snapshot.shownIds.prefixOf(id)),
    ['next__', undefined, 'next__'],
  );
  answer(snapshot.containers, Buffer.alloc(0));
  t.equal(snapshot.shownIds.size, 0);
  t.end();
});

test('a pod that is made during a reload keeps the id that its client was given', async t => {
  const node = new EngineNode(t);
  await node.start('A,next:B');
  const request = podConfig('b');
  request['config'].annotations = { 'kubernetes.io/target-runtime': 'next' };
  node.engine('B').set('slow');
  const made = node.call('RunPodSandbox', request);
  await node.generations.change(node.config('B,next:A'));
  const { pod_sandbox_id: b } = await made;
  t.match(b, /^next__/);
  node.engine('B').set(undefined);
  t.strictSame(await node.pods(), [b]);
});
