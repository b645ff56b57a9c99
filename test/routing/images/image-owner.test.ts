import { test } from 'tap';
import { Code } from '../../../src/base/codes.ts';
import { FIRST_SEEN } from '../../../src/cri/read/pod-identity.ts';
import type { Message } from '../../support/cri-types.ts';
import { fastForward } from '../../support/virtual-time.ts';
import { type Answer, failure, type Node, type NodeOptions, startNode } from '../node-lab.ts';

const TARGET = 'kubernetes.io/target-runtime';
const DIGEST = `sha256:${'fedcba9876543210'.repeat(4)}`;

/** A runtime that runs pods with these ids, and holds `web` or not. */
function runtime(pods: readonly string[], hasWeb: boolean): Record<string, Answer> {
  const images = hasWeb ? [{ id: DIGEST, repo_tags: ['web'] }] : [];
  return {
    ListPodSandbox: () => ({ items: pods.map(sandbox) }),
    ListImages: () => ({ images }),
    RunPodSandbox: () => ({ pod_sandbox_id: 'new' }),
    PullImage: () => ({ image_ref: DIGEST }),
    ImageStatus: () => (hasWeb ? { image: images[0]! } : {}),
    CreateContainer() {
      if (!hasWeb) throw failure(Code.NotFound, 'no such image');
      return { container_id: 'c' };
    },
  };
}

/** The sandbox of a pod, with the time at which the kubelet that made it first saw the pod. */
const sandbox = (id: string) => ({
  id,
  metadata: { name: id, uid: `uid-${id}`, namespace: 'default' },
  annotations: { [FIRST_SEEN]: `seen-${id}` },
  runtime_handler: id === 'a-qemu' ? 'qemu' : '',
});

const handlers = [
  { name: 'kata', runtime: 'alt', handler: 'qemu' },
  { name: 'vm', runtime: 'other', handler: '' },
];

async function start(holders: readonly string[], options: NodeOptions = {}): Promise<Node> {
  const has = (id: string) => holders.includes(id);
  const answers = {
    '': runtime(['p'], has('')),
    alt: runtime(['a', 'a-qemu'], has('alt')),
    other: runtime(['o'], has('other')),
  };
  const node = startNode(['', 'alt', 'other'], { handlers, answers, ...options });
  for (const list of ['ListPodSandbox', 'ListContainers', 'ListImages']) await node.call(list);
  return node;
}

const askedOf = (node: Node, method: string) =>
  Object.values(node.runtimes).flatMap(({ id, asked }) => asked(method).map(() => id));

const seen = (id: string, more: Message = {}) => ({ annotations: { [FIRST_SEEN]: `seen-${id}`, ...more } });
const everybody = ['', 'alt', 'other'];

/** The call's data on its pod besides the image; the runtimes asked for the status, and the runtime that pulls. A number is a code. */
const cells: ReadonlyArray<
  readonly [what: string, spec: Message, uid: string, status: readonly string[] | number, pull: string | number]
> = [
  // The sandbox is known.
  ["the primary's", {}, 'uid-p', everybody, ''],
  ["alt's", {}, 'uid-a', everybody, 'alt'],
  ["the primary's by its time", seen('p'), '', [''], ''],
  ["alt's by its time", seen('a'), '', ['alt'], 'alt'],
  ["alt's, its annotation names no runtime", seen('a', { [TARGET]: 'gone' }), 'uid-a', ['alt'], 'alt'],
  ["alt's, its annotation names another", seen('a', { [TARGET]: 'other' }), 'uid-a', ['alt'], 'alt'],
  ["the primary's, its annotation names another", seen('p', { [TARGET]: 'other' }), 'uid-p', [''], ''],
  ["alt's, its handler is in no row", { ...seen('a'), runtime_handler: 'gone' }, 'uid-a', ['alt'], 'alt'],
  ["alt's, its handler is another's", { ...seen('a'), runtime_handler: 'vm' }, 'uid-a', ['alt'], 'alt'],
  [
    "alt's, its handler and annotation name two others",
    { ...seen('a', { [TARGET]: '' }), runtime_handler: 'vm' },
    'uid-a',
    ['alt'],
    'alt',
  ],
  ["alt's, with the prefix of alt", { ...seen('a'), image: 'alt/web' }, 'uid-a', ['alt'], 'alt'],
  [
    "alt's, with the prefix of another",
    { ...seen('a'), image: 'other/web' },
    'uid-a',
    Code.InvalidArgument,
    Code.InvalidArgument,
  ],
  // The sandbox is not known, and a name tells the runtime.
  ['not known, with a handler', { runtime_handler: 'kata' }, 'uid-x', ['alt'], 'alt'],
  ['not known, with the id of a runtime as handler', { runtime_handler: 'other' }, 'uid-x', ['other'], 'other'],
  ['not known, with a handler in no row', { runtime_handler: 'runc' }, 'uid-x', [''], ''],
  ['not known, with an annotation', seen('x', { [TARGET]: 'alt' }), 'uid-x', ['alt'], 'alt'],
  [
    'not known, with both of one runtime',
    { ...seen('x', { [TARGET]: 'alt' }), runtime_handler: 'kata' },
    'uid-x',
    ['alt'],
    'alt',
  ],
  [
    'not known, with both of two runtimes',
    { ...seen('x', { [TARGET]: 'other' }), runtime_handler: 'kata' },
    'uid-x',
    Code.InvalidArgument,
    Code.InvalidArgument,
  ],
  [
    'not known, with an annotation that names no runtime',
    seen('x', { [TARGET]: 'gone' }),
    'uid-x',
    everybody,
    Code.InvalidArgument,
  ],
  ['not known, with a prefix', { ...seen('x'), image: 'alt/web' }, 'uid-x', ['alt'], 'alt'],
  [
    'not known, with a prefix and an annotation',
    { ...seen('x', { [TARGET]: 'other' }), image: 'alt/web' },
    'uid-x',
    Code.InvalidArgument,
    Code.InvalidArgument,
  ],
  // Nothing tells the runtime.
  ['not known', seen('x'), 'uid-x', everybody, ''],
  ['none', {}, '', everybody, ''],
  ['none, with a prefix', { image: 'alt/web' }, '', ['alt'], 'alt'],
];

const who = (ids: readonly string[] | string | number) =>
  typeof ids === 'number' ? `code ${ids}` : [ids].flat().map(id => id || 'the primary');

for (const [what, spec, uid, status, pull] of cells) {
  test(
    `the pod is ${what}: ImageStatus ${who(status)}, PullImage ${who(pull)}`,
    fastForward(async t => {
      const node = await start([]);
      t.teardown(() => node.stop());
      const image = { image: 'web', ...spec };
      const outcome = async (method: string, request: Message) => {
        const fault = await node.call(method, request).catch((error: { code: number }) => error);
        const asked = askedOf(node, method);
        return 'code' in fault ? fault['code'] : method === 'PullImage' ? asked[0] : asked;
      };
      t.strictSame(await outcome('ImageStatus', { image }), status);
      const sandbox_config = { metadata: { uid }, annotations: spec['annotations'] ?? {} };
      t.strictSame(await outcome('PullImage', { image, sandbox_config }), pull);
    }),
  );
}

/** Handlers of a pod whose names have changed since it was made, and the handler that its runtime gets. */
const stale: ReadonlyArray<readonly [pod: string, handler: string, own: string]> = [
  ['a-qemu', 'kata', 'qemu'],
  ['a-qemu', 'vm', 'qemu'],
  ['a', 'vm', ''],
  ['a', 'gone', 'gone'],
];

for (const [pod, runtime_handler, own] of stale) {
  test(
    `the handler ${runtime_handler} of a pod ${pod} of alt is ${own || 'its default'} there`,
    fastForward(async t => {
      const node = await start(['alt']);
      t.teardown(() => node.stop());
      const image = { image: 'web', runtime_handler, ...seen(pod) };
      await node.call('ImageStatus', { image });
      await node.call('PullImage', { image, sandbox_config: { metadata: { uid: `uid-${pod}` } } });
      const { asked } = node.runtimes['alt']!;
      t.strictSame(
        ['ImageStatus', 'PullImage'].map(method => asked(method)[0]!['image'].runtime_handler ?? ''),
        [own, own],
      );
    }),
  );
}

/** The kubelet starts a container of a pod that it has first seen at another time than the sandbox says. */
const again = { annotations: { [FIRST_SEEN]: 'seen after the restart' } };
const statusAgain = { image: { image: 'web', ...again } };
const createAgain = (pod: string) => ({
  pod_sandbox_id: pod === 'p' ? pod : `alt__${pod}`,
  config: { image: { image: DIGEST } },
  sandbox_config: { metadata: { uid: `uid-${pod}` }, ...again },
});

test(
  'after a restart of the kubelet an image that only alt has is there for its pod, without a pull',
  fastForward(async t => {
    const node = await start(['alt']);
    t.teardown(() => node.stop());
    t.equal((await node.call('ImageStatus', statusAgain))['image']?.id, DIGEST);
    t.strictSame(await node.call('CreateContainer', createAgain('a')), { container_id: 'alt__c' });
    t.strictSame(askedOf(node, 'CreateContainer'), ['alt']);
  }),
);

for (const [pod, owner, holder] of [
  ['p', '', 'alt'],
  ['a', 'alt', ''],
] as const) {
  test(
    `a wrong guess for pod ${pod}, whose image only ${holder || 'the primary'} has, costs one failed try`,
    fastForward(async t => {
      const node = await start([holder]);
      t.teardown(() => node.stop());
      t.equal((await node.call('ImageStatus', statusAgain))['image']?.id, DIGEST, 'it is somewhere');
      t.equal((await node.fault('CreateContainer', createAgain(pod))).code, Code.NotFound, 'but not there');
      t.equal((await node.call('ImageStatus', statusAgain))['image'], null, 'now the pod is known');
      await node.call('PullImage', { ...statusAgain, sandbox_config: createAgain(pod).sandbox_config });
      t.strictSame(askedOf(node, 'PullImage'), [owner]);
    }),
  );
}

/** A kubelet up to 1.18 starts a container: its ImageStatus tells nothing of the pod. */
const statusAlone = { image: { image: 'web' } };

test(
  'a kubelet that tells nothing of the pod: a wrong guess costs one failed try',
  fastForward(async t => {
    const node = await start(['alt']);
    t.teardown(() => node.stop());
    const isThere = async () => (await node.call('ImageStatus', statusAlone))['image'] !== null;
    const create = (pod_sandbox_id: string) => ({ pod_sandbox_id, config: { image: { image: DIGEST } } });
    t.equal(await isThere(), true);
    t.equal((await node.fault('CreateContainer', create('p'))).code, Code.NotFound);
    t.equal(
      (await node.call('ImageStatus', { image: { image: DIGEST } }))['image']?.id,
      DIGEST,
      'its user can be found',
    );
    t.equal(await isThere(), false, 'so it is pulled');
    await node.call('PullImage', { image: { image: 'web' }, sandbox_config: { metadata: { uid: 'uid-p' } } });
    t.strictSame(askedOf(node, 'PullImage'), ['']);
    t.equal(await isThere(), true, 'others are told as before');
    await node.call('CreateContainer', create('alt__a'));
    t.equal(await isThere(), true);
  }),
);

for (const [what, code, there] of [
  ['is down', Code.Unavailable, true],
  ['has it, and fails for another reason', Code.Unknown, true],
] as const) {
  test(
    `a container that could not be made because its runtime ${what} tells nothing of its image`,
    fastForward(async t => {
      const node = await start(['', 'alt']);
      t.teardown(() => node.stop());
      node.runtimes['']!.answers['CreateContainer'] = () => {
        throw failure(code, what);
      };
      await node.call('ImageStatus', statusAlone);
      await node.fault('CreateContainer', { pod_sandbox_id: 'p', config: { image: { image: DIGEST } } });
      t.equal((await node.call('ImageStatus', statusAlone))['image'] !== null, there);
    }),
  );
}

for (const method of ['PullImage', 'CreateContainer', 'RunPodSandbox', 'RestorePod']) {
  test(
    `${method} tells the time at which the kubelet has seen a pod`,
    fastForward(async t => {
      const node = await start([]);
      t.teardown(() => node.stop());
      const { sandbox_config } = createAgain('a');
      const requests: Record<string, Message> = {
        PullImage: { image: { image: 'web' }, sandbox_config },
        CreateContainer: createAgain('a'),
        RunPodSandbox: {
          config: { ...sandbox_config, annotations: { ...sandbox_config.annotations, [TARGET]: 'alt' } },
        },
        RestorePod: { config: { ...sandbox_config, annotations: { ...sandbox_config.annotations, [TARGET]: 'alt' } } },
      };
      await node.call(method, requests[method]).catch(() => {});
      await node.call('ImageStatus', statusAgain);
      t.strictSame(askedOf(node, 'ImageStatus'), ['alt']);
    }),
  );
}

test(
  'a pod whose annotation is an id of before restarts its containers where it runs',
  fastForward(async t => {
    const node = await start(['alt']);
    t.teardown(() => node.stop());
    const annotations = { [FIRST_SEEN]: 'seen-a', [TARGET]: 'the id of before' };
    const image = { image: 'web', annotations };
    const sandbox_config = { metadata: { uid: 'uid-a' }, annotations };
    t.equal((await node.call('ImageStatus', { image }))['image'].id, DIGEST);
    t.strictSame(await node.call('PullImage', { image, sandbox_config }), { image_ref: DIGEST });
    const config = { image: { image: DIGEST } };
    t.strictSame(await node.call('CreateContainer', { pod_sandbox_id: 'alt__a', config, sandbox_config }), {
      container_id: 'alt__c',
    });
  }),
);

const HEX = DIGEST.slice('sha256:'.length);

/** The id of an image in alt's list, in the client's CreateContainer, and in alt's. */
const forms: ReadonlyArray<readonly [listed: string, asked: string, own: string]> = [
  [HEX, DIGEST, HEX],
  [DIGEST, HEX, DIGEST],
  [DIGEST, DIGEST, DIGEST],
  [HEX, HEX, HEX],
  ['another', DIGEST, DIGEST],
  ['another', 'web', 'web'],
];

for (const [listed, asked, own] of forms) {
  test(
    `CreateContainer with ${asked.slice(0, 12)} on a runtime that lists ${listed.slice(0, 12)}`,
    fastForward(async t => {
      const node = await start(['alt']);
      t.teardown(() => node.stop());
      node.runtimes['alt']!.answers['ListImages'] = () => ({ images: [{ id: listed }] });
      await node.call('ListImages');
      const config = { image: { image: asked, user_specified_image: 'web' }, mounts: [{ image: { image: asked } }] };
      await node.call('CreateContainer', { pod_sandbox_id: 'alt__a', config });
      const [request] = node.runtimes['alt']!.asked('CreateContainer');
      t.equal(request!['config'].image.image, own);
      t.equal(request!['config'].image.user_specified_image, 'web');
      t.equal(request!['config'].mounts[0].image.image, own, 'a mount');
    }),
  );
}
