import { test } from 'tap';
import { Code } from '../../../src/base/codes.ts';
import type { Message } from '../../support/cri-types.ts';
import { type Answer, failure, type Node, type NodeOptions, startNode } from '../node-lab.ts';

const idOf = (text: string) => Buffer.from(text).toString('hex').padEnd(64, '0');
const [P, PC, A, AC, LATE] = ['pp', 'pc', 'aa', 'ac', 'late'].map(idOf) as [string, string, string, string, string];

/** A runtime that has one pod with one container, by these ids; it also knows them by the beginnings of their ids. */
function runtime(
  pod: string,
  container: string,
  made: { pod?: string; container?: string } = {},
): Record<string, Answer> {
  const pods = new Set([pod]);
  const containers = new Set([container]);
  const check = (set: Set<string>, id: string) => {
    if (![...set].some(known => id !== '' && known.startsWith(id))) throw failure(Code.NotFound, `no such id ${id}`);
  };
  return {
    ListPodSandbox: ({ filter }) => ({
      items: [...pods].filter(id => id.startsWith(filter?.id ?? '')).map(id => ({ id })),
    }),
    ListContainers: ({ filter }) => ({
      containers: [...containers]
        .filter(id => id.startsWith(filter?.id ?? '') && pod.startsWith(filter?.pod_sandbox_id ?? ''))
        .map(id => ({ id, pod_sandbox_id: pod })),
    }),
    PodSandboxStatus({ pod_sandbox_id }) {
      check(pods, pod_sandbox_id);
      return { status: { id: [...pods].find(id => id.startsWith(pod_sandbox_id))! } };
    },
    ContainerStatus({ container_id }) {
      check(containers, container_id);
      return { status: { id: [...containers].find(id => id.startsWith(container_id))! } };
    },
    RunPodSandbox() {
      pods.add(made.pod ?? LATE);
      return { pod_sandbox_id: made.pod ?? LATE };
    },
    CreateContainer() {
      containers.add(made.container ?? LATE);
      return { container_id: made.container ?? LATE };
    },
    StopContainer: () => ({}),
    RemoveContainer: () => ({}),
    StopPodSandbox: () => ({}),
    RemovePodSandbox: () => ({}),
    ListContainerStats: () => ({ stats: [...containers].map(id => ({ attributes: { id } })) }),
  };
}

interface StartOptions extends Omit<NodeOptions, 'settings'> {
  readonly ids?: 'raw' | 'prefixed';
  /** Whether the snapshots have the runtimes' pods. */
  readonly seen?: boolean;
}

async function start({ ids = 'raw', seen = true, ...options }: StartOptions = {}): Promise<Node> {
  const node = startNode(['', 'alt'], {
    answers: { '': runtime(P, PC), alt: runtime(A, AC) },
    settings: { ids },
    ...options,
  });
  if (seen) {
    await node.call('ListPodSandbox');
    await node.call('ListContainers');
  }
  for (const each of Object.values(node.runtimes)) each.forgetAsked();
  return node;
}

const asked = (node: Node, method: string) =>
  Object.values(node.runtimes).flatMap(each => each.asked(method).map(request => [each.id, request] as const));

test('ids of secondaries go out as they are, or with a prefix', async t => {
  for (const [ids, pod, container] of [
    ['raw', A, AC],
    ['prefixed', `alt__${A}`, `alt__${AC}`],
  ] as const) {
    const node = await start({ ids });
    t.teardown(() => node.stop());
    t.strictSame(
      (await node.call('ListPodSandbox'))['items'].map((each: Message) => each['id']),
      [P, pod],
      ids,
    );
    const { containers } = await node.call('ListContainers');
    t.strictSame(
      containers.map((each: Message) => [each['id'], each['pod_sandbox_id']]),
      [
        [PC, P],
        [container, pod],
      ],
    );
    const { stats } = await node.call('ListContainerStats');
    t.strictSame(
      stats.map((each: Message) => each['attributes'].id),
      [PC, container],
    );
    t.equal((await node.call('ContainerStatus', { container_id: container }))['status'].id, container);
  }
});

/** An id from a client, the runtimes that are asked, and the id that they get; `listed`: whether all are asked for it first. */
const ids: ReadonlyArray<
  readonly [
    form: 'raw' | 'prefixed',
    what: string,
    id: string,
    seen: boolean,
    runtime: string,
    own: string,
    listed: boolean,
  ]
> = [
  ['raw', "the primary's", PC, true, '', PC, false],
  ['raw', "alt's", AC, true, 'alt', AC, false],
  ['raw', "alt's with its prefix", `alt__${AC}`, true, 'alt', AC, false],
  ['raw', "alt's, short", AC.slice(0, 13), true, 'alt', AC.slice(0, 13), false],
  ['raw', "alt's, short, with its prefix", `alt__${AC.slice(0, 8)}`, true, 'alt', AC.slice(0, 8), false],
  ['raw', "the primary's, short", PC.slice(0, 13), true, '', PC.slice(0, 13), false],
  ['raw', "alt's that no snapshot has", AC, false, 'alt', AC, true],
  ['raw', "alt's that no snapshot has, short", AC.slice(0, 13), false, 'alt', AC.slice(0, 13), true],
  ['raw', "the primary's that no snapshot has", PC, false, '', PC, true],
  ['prefixed', "the primary's", PC, true, '', PC, false],
  ['prefixed', "alt's", `alt__${AC}`, true, 'alt', AC, false],
  ['prefixed', "alt's, raw, as it was before a switch", AC, true, 'alt', AC, false],
];

for (const [form, what, id, seen, owner, own, listed] of ids) {
  test(`-ids ${form}: a container id, ${what}, is for ${owner || 'the primary'}`, async t => {
    const node = await start({ ids: form, seen });
    t.teardown(() => node.stop());
    const { status } = await node.call('ContainerStatus', { container_id: id });
    t.match(status.id, owner === '' ? PC : AC);
    t.strictSame(
      asked(node, 'ContainerStatus').map(([runtime, request]) => [runtime, request['container_id']]),
      [[owner, own]],
    );
    t.equal(asked(node, 'ListContainers').length, listed ? 2 : 0, 'asked for it first');
  });
}

test("an id that nobody has is the primary's to say", async t => {
  const node = await start();
  t.teardown(() => node.stop());
  for (const id of [idOf('none'), 'ffff']) {
    t.match(await node.fault('ContainerStatus', { container_id: id }), {
      code: Code.NotFound,
      message: `no such id ${id}`,
    });
  }
  t.match(await node.fault('ContainerStatus', { container_id: '' }), { code: Code.NotFound });
  t.strictSame(
    asked(node, 'ContainerStatus').map(([runtime]) => runtime),
    ['', '', ''],
  );
});

test('an id that a secondary which is down could have is Unavailable, and not gone', async t => {
  const node = await start({ seen: false });
  t.teardown(() => node.stop());
  node.runtimes['alt']!.goDown();
  const { code, message } = await node.fault('StopContainer', { container_id: AC });
  t.equal(code, Code.Unavailable);
  t.match(message, /runtime alt is not up: it was killed/);
  t.strictSame(asked(node, 'StopContainer'), []);
});

test('a secondary that is down is known by its snapshot', async t => {
  const node = await start();
  t.teardown(() => node.stop());
  node.runtimes['alt']!.goDown();
  t.match(await node.fault('StopContainer', { container_id: AC }), { code: Code.Unavailable });
  t.match(await node.fault('ContainerStatus', { container_id: idOf('none') }), { code: Code.NotFound });
});

test('a secondary that was never up has nothing', async t => {
  const node = await start({ seen: false, down: ['alt'] });
  t.teardown(() => node.stop());
  t.match(await node.fault('ContainerStatus', { container_id: idOf('none') }), { code: Code.NotFound });
});

test('a short id of two runtimes is ambiguous', async t => {
  const [first, second] = [idOf('xy1'), idOf('xy2')];
  for (const seen of [true, false]) {
    const node = await start({ seen, answers: { '': runtime(P, first), alt: runtime(A, second) } });
    t.teardown(() => node.stop());
    const { code, message } = await node.fault('ContainerStatus', { container_id: first.slice(0, 4) });
    t.equal(code, Code.InvalidArgument);
    t.match(
      message,
      /an id of the primary runtime and an id of runtime alt begin with the container id "7879": give more of it/,
    );
  }
});

/** A filter, and the ids that the client gets. */
const filters: ReadonlyArray<readonly [form: 'raw' | 'prefixed', what: string, filter: Message, found: string[]]> = [
  ['raw', 'a container', { id: AC }, [AC]],
  ['raw', 'a container, short', { id: AC.slice(0, 5) }, [AC]],
  ['raw', 'a container with its prefix', { id: `alt__${AC}` }, [AC]],
  ['raw', 'a pod', { pod_sandbox_id: A }, [AC]],
  ['raw', 'a container of the primary', { id: PC }, [PC]],
  ['raw', 'what nobody has', { id: idOf('none') }, []],
  ['raw', 'what contradicts itself', { id: AC, pod_sandbox_id: P }, []],
  ['prefixed', 'a raw id', { id: AC }, [`alt__${AC}`]],
];

for (const [form, what, filter, found] of filters) {
  test(`-ids ${form}: a list filtered by ${what}`, async t => {
    const node = await start({ ids: form });
    t.teardown(() => node.stop());
    const { containers } = await node.call('ListContainers', { filter });
    t.strictSame(
      containers.map((each: Message) => each['id']),
      found,
    );
  });
}

test('the target of a debug container is one of the same runtime', async t => {
  const node = await start();
  t.teardown(() => node.stop());
  const create = (target_id: string) => ({
    pod_sandbox_id: A,
    config: { linux: { security_context: { namespace_options: { pid: 'TARGET', target_id } } } },
  });
  for (const target of [AC, `alt__${AC}`, idOf('unknown')]) await node.call('CreateContainer', create(target));
  const targets = asked(node, 'CreateContainer').map(
    ([, { config }]) => config.linux.security_context.namespace_options.target_id,
  );
  t.strictSame(targets, [AC, AC, idOf('unknown')]);
  const { code, message } = await node.fault('CreateContainer', create(PC));
  t.equal(code, Code.InvalidArgument);
  t.match(message, `id "${PC}" belongs to the primary runtime, but the call is for runtime alt`);
});

test("a new pod with the id of another runtime's is refused and removed", async t => {
  const node = await start({ answers: { '': runtime(P, PC, { pod: A }), alt: runtime(A, AC) } });
  t.teardown(() => node.stop());
  const { code, message } = await node.fault('RunPodSandbox', {});
  t.equal(code, Code.AlreadyExists);
  t.match(message, `the primary runtime has given the new pod the id "${A}", which runtime alt uses`);
  t.match(message, 'it was removed again; try once more');
  const primary = node.runtimes['']!;
  for (const method of ['StopPodSandbox', 'RemovePodSandbox'])
    t.strictSame(primary.asked(method), [{ pod_sandbox_id: A }]);
  t.strictSame(node.runtimes['alt']!.asked('RemovePodSandbox'), []);
  await node.call('PodSandboxStatus', { pod_sandbox_id: A });
  t.strictSame(
    asked(node, 'PodSandboxStatus').map(([runtime]) => runtime),
    ['alt'],
    "the id is alt's still",
  );
});

test("a new container with the id of another runtime's is refused, and what cannot be removed is said", async t => {
  const answers = { '': runtime(P, PC), alt: runtime(A, AC, { container: PC }) };
  const node = await start({ answers });
  t.teardown(() => node.stop());
  const create = { pod_sandbox_id: A, config: {} };
  const { code, message } = await node.fault('CreateContainer', create);
  t.equal(code, Code.AlreadyExists);
  t.match(message, `runtime alt has given the new container the id "${PC}", which the primary runtime uses`);
  t.strictSame(node.runtimes['alt']!.asked('RemoveContainer'), [{ container_id: PC }]);
  answers.alt['RemoveContainer'] = () => {
    throw failure(Code.Internal, 'stuck');
  };
  t.match((await node.fault('CreateContainer', create)).message, /remove it from runtime alt by hand: stuck/);
});

test('with prefixes two runtimes may have the same id', async t => {
  const node = await start({ ids: 'prefixed', answers: { '': runtime(P, PC, { pod: A }), alt: runtime(A, AC) } });
  t.teardown(() => node.stop());
  t.strictSame(await node.call('RunPodSandbox', {}), { pod_sandbox_id: A });
});
