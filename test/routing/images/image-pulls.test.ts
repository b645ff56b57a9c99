import { test } from 'tap';
import { Code } from '../../../src/base/codes.ts';
import { FIRST_SEEN } from '../../../src/cri/read/pod-identity.ts';
import type { Message } from '../../support/cri-types.ts';
import { fastForward } from '../../support/virtual-time.ts';
import { type Answer, failure, startNode } from '../node-lab.ts';

const TARGET = 'kubernetes.io/target-runtime';
const DIGEST = `sha256:${'fedcba9876543210'.repeat(4)}`;
const handlers = [{ name: 'kata', runtime: 'alt', handler: 'kata-qemu' }];

/** A runtime that runs one pod, and holds these images. */
function runtime(pod: Message, images: readonly Message[] = []): Record<string, Answer> {
  const find = (name: string) => images.find(({ id, repo_tags }) => [id, ...(repo_tags ?? [])].includes(name));
  return {
    ListPodSandbox: () => ({ items: [pod] }),
    ListImages: () => ({ images }),
    PullImage: () => ({ image_ref: DIGEST }),
    CreateContainer: () => ({ container_id: 'c' }),
    ImageStatus: ({ image }) => {
      const found = find(image.image);
      return found === undefined ? {} : { image: found };
    },
    RemoveImage({ image }) {
      if (find(image.image) === undefined) throw failure(Code.NotFound, 'no such image');
      return {};
    },
  };
}

const podOf = (id: string, seen: string, state = 'SANDBOX_READY') => ({
  id,
  state,
  metadata: { name: id, uid: `uid-${id}`, namespace: 'default' },
  annotations: { [FIRST_SEEN]: seen, a: 'b' },
});

async function start(images: Readonly<Record<string, readonly Message[]>> = {}) {
  const node = startNode(['', 'alt', 'other'], {
    handlers,
    answers: {
      '': runtime(podOf('p', 'T1'), images['']),
      alt: runtime(podOf('a', 'T2'), images['alt']),
      other: runtime(podOf('o', 'T3'), images['other']),
    },
  });
  await node.call('ListPodSandbox');
  await node.call('ListImages');
  return node;
}

function askedOf(node: Awaited<ReturnType<typeof start>>, method: string): Array<[id: string, image: string]> {
  return Object.values(node.runtimes).flatMap(({ id, asked }) =>
    asked(method).map(({ image }) => [id, image.image] as [string, string]),
  );
}

/** Image spec, sandbox config, and the runtime that is asked, with the name that it gets. */
const pulls: ReadonlyArray<
  readonly [what: string, spec: Message, pod: Message | undefined, runtime: string, own?: string]
> = [
  ['nothing', { image: 'web' }, undefined, ''],
  ['a handler', { image: 'web', runtime_handler: 'kata' }, undefined, 'alt'],
  ['the handler of an id', { image: 'web', runtime_handler: 'other' }, undefined, 'other'],
  ['a handler that is in no table', { image: 'web', runtime_handler: 'runc' }, undefined, ''],
  ['an annotation of the spec', { image: 'web', annotations: { [TARGET]: 'alt' } }, undefined, 'alt'],
  ['an annotation of the pod', { image: 'web' }, { annotations: { [TARGET]: 'alt' } }, 'alt'],
  ['a known uid', { image: 'web' }, { metadata: { uid: 'uid-a' } }, 'alt'],
  ['an unknown uid', { image: 'web' }, { metadata: { uid: 'uid-x' } }, ''],
  ["the uid of a primary's pod", { image: 'web' }, { metadata: { uid: 'uid-p' } }, ''],
  ['the time when the pod was seen', { image: 'web', annotations: { [FIRST_SEEN]: 'T3' } }, undefined, 'other'],
  ['a prefix', { image: 'alt/web' }, undefined, 'alt', 'web'],
  ['a prefix and the handler', { image: 'alt/web', runtime_handler: 'kata' }, undefined, 'alt', 'web'],
  ['a prefix and a known uid', { image: 'alt/web' }, { metadata: { uid: 'uid-a' } }, 'alt', 'web'],
  [
    'the annotation of another than its sandbox is of',
    { image: 'web' },
    { metadata: { uid: 'uid-o' }, annotations: { [TARGET]: 'alt' } },
    'other',
  ],
  ['a digest and a handler', { image: DIGEST, runtime_handler: 'alt' }, undefined, 'alt'],
  ['a registry whose name no runtime has', { image: 'registry.example/web' }, undefined, ''],
];

for (const [what, image, sandbox_config, owner, own] of pulls) {
  test(
    `PullImage with ${what} is for ${owner || 'the primary'}`,
    fastForward(async t => {
      const node = await start();
      t.teardown(() => node.stop());
      await node.call('PullImage', { image, ...(sandbox_config && { sandbox_config }) });
      t.strictSame(askedOf(node, 'PullImage'), [[owner, own ?? image['image']]]);
    }),
  );
}

test(
  'a pod that moved is where it is ready',
  fastForward(async t => {
    const node = await start();
    t.teardown(() => node.stop());
    node.runtimes['']!.answers['ListPodSandbox'] = () => ({ items: [podOf('a', 'T2', 'SANDBOX_NOTREADY')] });
    await node.call('ListPodSandbox');
    await node.call('PullImage', { image: { image: 'web' }, sandbox_config: { metadata: { uid: 'uid-a' } } });
    t.strictSame(askedOf(node, 'PullImage'), [['alt', 'web']]);
  }),
);

const conflicts: ReadonlyArray<readonly [what: string, request: Message, parts: readonly string[]]> = [
  [
    'a handler and another annotation',
    { image: { image: 'web', runtime_handler: 'kata', annotations: { [TARGET]: 'other' } } },
    ['handler "kata"', 'runtime alt', 'runtime other', 'leave one of the two out'],
  ],
  [
    'a handler and the prefix of another',
    { image: { image: 'other/web', runtime_handler: 'kata' } },
    ['image "other/web" belongs to runtime other', 'for runtime alt', 'name it without "other/"'],
  ],
  [
    'an unknown runtime',
    { image: { image: 'web', annotations: { [TARGET]: 'what' } } },
    ['unknown runtime "what"', 'alt, other'],
  ],
];

for (const [what, request, parts] of conflicts) {
  // A pod whose annotation names no runtime any more may be known by the time that it was seen: image-owner.test.ts.
  for (const method of what === 'an unknown runtime' ? ['PullImage'] : ['PullImage', 'ImageStatus']) {
    test(
      `${method} with ${what} is InvalidArgument`,
      fastForward(async t => {
        const node = await start();
        t.teardown(() => node.stop());
        const { code, message } = await node.fault(method, request);
        t.equal(code, Code.InvalidArgument);
        for (const part of parts) t.ok(message.includes(part), `${part} in: ${message}`);
        t.strictSame(askedOf(node, method), [], 'nobody is asked');
      }),
    );
  }
}

const web = { id: DIGEST, repo_tags: ['web'] };
const seenBy = (time: string) => ({ [FIRST_SEEN]: time });

/** The holders of `web`, the runtimes that are asked, and the one whose tags the client sees; undefined: the image is missing. */
const statuses: ReadonlyArray<
  readonly [
    what: string,
    spec: Message,
    holders: readonly string[],
    asked: readonly string[],
    tags: string[] | undefined,
  ]
> = [
  ['a bare name', { image: 'web' }, ['', 'alt'], ['', 'alt', 'other'], ['web']],
  ['a bare name that alt and other have', { image: 'web' }, ['alt', 'other'], ['', 'alt', 'other'], ['web']],
  ['a bare name that nobody has', { image: 'web' }, [], ['', 'alt', 'other'], undefined],
  ['a digest that only other has', { image: DIGEST }, ['other'], ['', 'alt', 'other'], ['other/web']],
  ['a prefix', { image: 'alt/web' }, ['', 'alt'], ['alt'], ['alt/web']],
  ['a handler', { image: 'web', runtime_handler: 'kata' }, ['', 'alt'], ['alt'], ['web']],
  ['a handler whose runtime lacks it', { image: 'web', runtime_handler: 'kata' }, [''], ['alt'], undefined],
  ['an annotation', { image: 'web', annotations: { [TARGET]: 'other' } }, ['', 'other'], ['other'], ['web']],
  ["the annotations of a primary's pod", { image: 'web', annotations: seenBy('T1') }, ['alt'], [''], undefined],
  ["the annotations of an alt's pod", { image: 'web', annotations: seenBy('T2') }, ['', 'alt'], ['alt'], ['web']],
  [
    'the annotations of a pod that is not known',
    { image: 'web', annotations: { a: 'b' } },
    ['alt'],
    ['', 'alt', 'other'],
    ['web'],
  ],
  ['a handler of the primary', { image: 'web', runtime_handler: 'runc' }, ['alt'], [''], undefined],
];

for (const [what, image, holders, asked, tags] of statuses) {
  test(
    `ImageStatus with ${what} is asked of ${asked.map(id => id || 'the primary').join(', ')}`,
    fastForward(async t => {
      const node = await start(Object.fromEntries(holders.map(id => [id, [web]])));
      t.teardown(() => node.stop());
      const answer = await node.call('ImageStatus', { image });
      t.strictSame(
        askedOf(node, 'ImageStatus').map(([id]) => id),
        asked,
      );
      t.strictSame(answer['image']?.repo_tags, tags);
    }),
  );
}

/** The image of a container in a pod of alt, and the image that alt gets. */
const created: ReadonlyArray<readonly [image: string, own: string]> = [
  ['web', 'web'],
  ['alt/web', 'web'],
  ['registry.example/team/web:1', 'registry.example/team/web:1'],
  ['alt/registry.example/team/web:1', 'registry.example/team/web:1'],
  [DIGEST, DIGEST],
  [DIGEST.slice(7), DIGEST.slice(7)],
  [`web@${DIGEST}`, `web@${DIGEST}`],
];

for (const [image, own] of created) {
  test(
    `CreateContainer in a pod of alt with image ${image} gets ${own}`,
    fastForward(async t => {
      const node = await start();
      t.teardown(() => node.stop());
      const config = { image: { image }, mounts: [{ image: { image } }] };
      await node.call('CreateContainer', { pod_sandbox_id: 'alt__a', config });
      const [request] = node.runtimes['alt']!.asked('CreateContainer');
      t.equal(request!['config'].image.image, own);
      t.equal(request!['config'].mounts[0].image.image, own, 'a mount');
    }),
  );
}

for (const [pod, image, owner] of [
  ['alt__a', 'other/web', 'other'],
  ['p', 'alt/web', 'alt'],
] as const) {
  test(
    `CreateContainer in pod ${pod} with image ${image} is InvalidArgument`,
    fastForward(async t => {
      const node = await start();
      t.teardown(() => node.stop());
      const { code, message } = await node.fault('CreateContainer', {
        pod_sandbox_id: pod,
        config: { image: { image } },
      });
      t.equal(code, Code.InvalidArgument);
      t.match(message, `image "${image}" belongs to runtime ${owner}`);
      t.match(message, `name it without "${owner}/"`);
    }),
  );
}
