import { rmSync } from 'node:fs';
import tap, { type Test, test } from 'tap';
import { placementRoutes } from '../../../src/app/operate/placement-routes.ts';
import { Code } from '../../../src/base/codes.ts';
import type { PlacementRule } from '../../../src/routing/port/placement-rule.ts';
import type { Message } from '../../support/cri-types.ts';
import { EngineNode } from './engine-node.ts';

tap.jobs = 4;

interface Pod {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly labels?: Record<string, string>;
  readonly annotations?: Record<string, string>;
  readonly handler?: string;
}

function request({
  name,
  namespace = 'default',
  uid = `uid-${name}`,
  labels = {},
  annotations = {},
  handler = '',
}: Pod): Message {
  return { config: { metadata: { name, uid, namespace }, labels, annotations }, runtime_handler: handler };
}

/** The proxy over engines A (primary) and B (`next`), with these rules. */
class Node extends EngineNode {
  rules: readonly PlacementRule[] = [];
  retiring: Readonly<Record<string, readonly ('static' | 'critical')[]>> = {};

  override config(connect: string, ids = 'prefixed') {
    const config = super.config(connect, ids);
    const runtimes = config.runtimes.map(runtime => ({
      ...runtime,
      retiring: this.retiring[runtime.id] !== undefined,
      retiringExcept: this.retiring[runtime.id] ?? [],
    }));
    return { ...config, placement: this.rules, runtimes } as unknown as ReturnType<EngineNode['config']>;
  }

  async run(pod: Pod): Promise<string> {
    return (await this.call('RunPodSandbox', request(pod)))['pod_sandbox_id'];
  }

  /** The runtime of a new pod. */
  async runtimeOf(pod: Pod): Promise<string> {
    const id = await this.run(pod);
    return id.includes('__') ? id.slice(0, id.indexOf('__')) : 'primary';
  }

  async reload(connect = 'A,next:B'): Promise<void> {
    await this.generations.change(this.config(connect));
  }
}

async function start(t: Test, rules: readonly PlacementRule[]): Promise<Node> {
  const node = new Node(t);
  node.rules = rules;
  await node.start('A,next:B');
  return node;
}

test('the first rule that fits decides for pods that name no runtime', async t => {
  const node = await start(t, [
    { namespaces: ['ci-*'], runtime: 'next' },
    { labels: { tier: 'batch' }, annotations: { zone: 'x' }, runtime: 'next' },
    { namespaces: ['prod'], runtime: '' },
    { labels: { tier: 'web' }, runtime: 'next' },
  ]);
  for (const [pod, expected] of [
    [{ name: 'a', namespace: 'ci-1' }, 'next'],
    [{ name: 'b', namespace: 'ci' }, 'primary'],
    [{ name: 'c', labels: { tier: 'batch' } }, 'primary'],
    [{ name: 'd', labels: { tier: 'batch' }, annotations: { zone: 'x' } }, 'next'],
    [{ name: 'e', namespace: 'prod', labels: { tier: 'web' } }, 'primary'],
    [{ name: 'f', labels: { tier: 'web' } }, 'next'],
    [{ name: 'g', namespace: 'prod', handler: 'next' }, 'next'],
    [{ name: 'h', namespace: 'prod', annotations: { 'kubernetes.io/target-runtime': 'next' } }, 'next'],
    [{ name: 'i', namespace: 'ci-1', handler: 'kata' }, 'primary'],
  ] as const) {
    t.equal(await node.runtimeOf(pod), expected, JSON.stringify(pod));
  }
});

test('a pod stays on its runtime over changes of the rules, reloads, restarts and kills', async t => {
  const node = await start(t, [{ runtime: 'next' }]);
  t.equal(await node.runtimeOf({ name: 'a' }), 'next');
  t.equal(await node.runtimeOf({ name: 'gone' }), 'next');
  const { items } = await node.call('ListPodSandbox', {});
  const gone = items.find((item: Message) => item['metadata'].name === 'gone').id;
  await node.call('RemovePodSandbox', { pod_sandbox_id: gone });
  node.rules = [];
  for (const way of ['reload', 'restart', 'kill'] as const) {
    await node.generations.flush();
    if (way === 'reload') await node.reload();
    else {
      await node[way === 'kill' ? 'kill' : 'stop']();
      await node.start('A,next:B');
    }
    t.equal(await node.runtimeOf({ name: 'a' }), 'next', `${way}: its sandbox is created again`);
    t.equal(await node.runtimeOf({ name: 'gone' }), 'next', `${way}: by its uid alone, once its sandbox is removed`);
    const again = (await node.call('ListPodSandbox', {}))['items'].find(
      (item: Message) => item['metadata'].name === 'gone',
    );
    await node.call('RemovePodSandbox', { pod_sandbox_id: again.id });
    t.equal(await node.runtimeOf({ name: `new-${way}` }), 'primary', `${way}: a new pod goes by the rules of today`);
  }
});

test('a pod stays on its runtime when its handler has another meaning', async t => {
  const node = await start(t, []);
  t.equal(await node.runtimeOf({ name: 'a', handler: 'next' }), 'next');
  await node.reload('B,next:A');
  const id = await node.run({ name: 'a', handler: 'next' });
  t.notMatch(id, /__/, 'the runtime that was next, and is the primary now');
  t.equal(await node.runtimeOf({ name: 'b', handler: 'next' }), 'next', 'a new pod goes by the names of today');
});

test('a start that fails is forgotten, unless the runtime may have the pod', async t => {
  const node = await start(t, [{ runtime: 'next' }]);
  node.engine('B').set('error');
  t.not(await node.code('RunPodSandbox', request({ name: 'a' })), 0);
  node.engine('B').set(undefined);
  node.rules = [];
  await node.reload();
  t.equal(await node.runtimeOf({ name: 'a' }), 'primary');
});

test('a retiring runtime takes no new pods, and its pods go on', async t => {
  const node = await start(t, [{ runtime: 'next' }]);
  t.equal(await node.runtimeOf({ name: 'old' }), 'next');
  node.retiring = { next: ['static', 'critical'] };
  await node.reload();
  t.equal(await node.runtimeOf({ name: 'new' }), 'primary', 'its rule is passed over');
  t.equal(await node.runtimeOf({ name: 'old' }), 'next', 'a pod that it has gets a new sandbox there');
  for (const pod of [
    { name: 'by-handler', handler: 'next' },
    { name: 'by-annotation', annotations: { 'kubernetes.io/target-runtime': 'next' } },
  ]) {
    t.equal(await node.code('RunPodSandbox', request(pod)), Code.FailedPrecondition, pod.name);
  }
  const fromFile = { 'kubernetes.io/config.source': 'file' };
  t.equal(await node.runtimeOf({ name: 'static', annotations: fromFile, handler: 'next' }), 'next', 'excepted: static');
  t.equal(
    await node.runtimeOf({ name: 'dns', namespace: 'kube-system', handler: 'next' }),
    'next',
    'excepted: critical',
  );
  node.retiring = { '': [] };
  node.rules = [];
  await node.reload();
  t.equal(await node.code('RunPodSandbox', request({ name: 'x' })), Code.FailedPrecondition, 'no rule for another one');
});

/** Asks a route of the admin API. */
async function ask(node: Node, path: string, body: unknown): Promise<Message> {
  const route = placementRoutes(node.generations, node.log).find(each => each.path === path)!;
  const answer = await route.handle({ body, query: new URLSearchParams(), signal: new AbortController().signal });
  return (answer as unknown as { value: Message }).value;
}

test('place and retire of the admin API', async t => {
  const node = await start(t, [
    { namespaces: ['ci-*'], runtime: 'next' },
    { share: 0.1, runtime: 'next' },
  ]);
  const pod = { namespace: 'web', name: 'w', uid: '', labels: {}, annotations: {}, handler: '' };
  t.match(await ask(node, '/v1/place', { pod }), {
    runtime: '',
    steps: [
      /^rule 1 .*: namespace "web" is not one of ci-\*$/,
      /^rule 2 .*uid of the pod, which is not known$/,
      /^no rule/,
    ],
  });
  t.match(await ask(node, '/v1/place', { pod: { ...pod, namespace: 'ci-x' } }), { runtime: 'next', steps: [/fits$/] });
  await node.run({ name: 'known', namespace: 'ci-x', labels: { 'job-name': 'j1' } });
  t.match(await ask(node, '/v1/place', { known: { namespace: 'ci-x', name: 'known' } }), {
    runtime: 'next',
    steps: [/stays/],
  });
  await t.rejects(ask(node, '/v1/place', { known: { namespace: 'x', name: 'y' } }), /no runtime lists a pod x\/y/);
  await t.rejects(ask(node, '/v1/retire', { runtime: 'nope', retiring: true }), /use one of: primary, next/);

  const left = [{ namespace: 'ci-x', name: 'known', owner: 'Job j1' }];
  t.match(await ask(node, '/v1/retire', { runtime: 'next', retiring: true }), {
    retiring: true,
    configured: false,
    left,
  });
  t.equal(await node.runtimeOf({ name: 'z', namespace: 'ci-x' }), 'primary');
  await node.kill();
  await node.start('A,next:B');
  t.equal(await node.runtimeOf({ name: 'z2', namespace: 'ci-x' }), 'primary', 'it is kept over a restart');
});

test('place: of two pods of one name, the one that lives; each rule, also for a pod that is refused', async t => {
  const node = await start(t, [{ namespaces: ['ci-*'], runtime: 'next' }]);
  const known = { namespace: 'ci-x', name: 'web-0' };
  const gone = await node.run({ ...known, uid: 'first' });
  await node.call('StopPodSandbox', { pod_sandbox_id: gone });
  node.rules = [];
  await node.reload();
  t.equal(await node.runtimeOf({ ...known, uid: 'second' }), 'primary');
  t.match(await ask(node, '/v1/place', { known }), { runtime: '' });
  node.rules = [{ namespaces: ['ci-*'], runtime: 'next' }];
  await node.reload();
  t.equal(await node.runtimeOf({ name: 'other', namespace: 'ci-x' }), 'next');
  t.match(await ask(node, '/v1/place', { known }), { runtime: '' }, 'in any order of the runtimes');

  node.rules = [
    { namespaces: ['ci-*'], runtime: 'next' },
    { labels: { tier: '1' }, runtime: 'next' },
  ];
  node.retiring = { '': [], next: [] };
  await node.reload();
  const pod = { ...known, uid: 'third', labels: { tier: 1 }, annotations: {}, handler: '' };
  t.match(await ask(node, '/v1/place', { pod }), {
    runtime: null,
    steps: [
      /^rule 1 .*: fits, but runtime next is retiring$/,
      /^rule 2 .*: fits, but/,
      /takes no new pods, but no rule/,
    ],
  });
  t.match((await ask(node, '/v1/place', { pod: { ...pod, handler: 'next' } }))['steps'], [/^criproxy: .* asks for it/]);
});

test('retire: again, the primary too; and pods that are not known are not said to be gone', async t => {
  const node = await start(t, [{ runtime: 'next' }]);
  await node.run({ name: 'a' });
  for (const round of [1, 2]) {
    t.match(await ask(node, '/v1/retire', { runtime: 'next', retiring: true }), { left: [{ name: 'a' }] }, `${round}`);
  }
  t.match(await ask(node, '/v1/retire', { runtime: 'primary', retiring: true }), { runtime: '', left: [] });
  t.equal(await node.code('RunPodSandbox', request({ name: 'b' })), Code.FailedPrecondition);
  t.match(await ask(node, '/v1/retire', { runtime: 'primary', retiring: false }), { retiring: false });
  t.equal(await node.runtimeOf({ name: 'b' }), 'primary');
  await node.stop();
  node.engine('B').set('down');
  for (const path of node.files(/B\.sock(@copy)?\.snapshot$/)) rmSync(path);
  await node.start('A,next:B');
  t.match(await ask(node, '/v1/retire', { runtime: 'next', retiring: true }), { left: null });
});
