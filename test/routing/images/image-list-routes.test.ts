import { test } from 'tap';
import { cutList, mergeImages } from '../../../src/cri/read/image-list.ts';
import { criTypes, type Message } from '../../support/cri-types.ts';
import { fastForward } from '../../support/virtual-time.ts';
import { type NodeOptions, startNode } from '../node-lab.ts';

const types = criTypes('runtime.v1');
const encode = (images: readonly Message[]) => types.encode('ListImagesResponse', { images });
const decode = (list: Buffer): Message[] => types.decode('ListImagesResponse', list)['images'];
const plain = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (_key, each) => (typeof each === 'bigint' ? Number(each) : each)));

/** One image from two runtimes, and the resulting item. */
const merged: ReadonlyArray<readonly [what: string, first: Message, second: Message, item: Message]> = [
  ['tags', { repo_tags: ['a'] }, { repo_tags: ['alt/a', 'a'] }, { repo_tags: ['a', 'alt/a'] }],
  ['digests', { repo_digests: ['a@d'] }, { repo_digests: ['alt/a@d'] }, { repo_digests: ['a@d', 'alt/a@d'] }],
  ['tags of the second alone', {}, { repo_tags: ['alt/a'] }, { repo_tags: ['alt/a'] }],
  ['the larger size, the first', { size: 2n ** 40n }, { size: 5 }, { size: 2 ** 40 }],
  ['the larger size, the second', { size: 5 }, { size: 2n ** 40n }, { size: 2 ** 40 }],
  ['pinned in the first', { pinned: true }, { pinned: false }, { pinned: true }],
  ['pinned in the second', { pinned: false }, { pinned: true }, { pinned: true }],
  ['pinned nowhere', {}, {}, {}],
  [
    'the user of the first',
    { uid: { value: 7 }, username: 'x' },
    { uid: { value: 8 } },
    { uid: { value: 7 }, username: 'x' },
  ],
  [
    'the spec of the first',
    { spec: { image: 's' } },
    { spec: { image: 'alt/s' } },
    { spec: { image: 's', annotations: undefined } },
  ],
];

for (const [what, first, second, item] of merged) {
  test(
    `an image of two runtimes is one item: ${what}`,
    fastForward(async t => {
      const list = mergeImages([encode([{ id: 'i', ...first }]), encode([{ id: 'j' }, { id: 'i', ...second }])]);
      t.strictSame(
        plain(decode(list)),
        plain([
          { repo_tags: [], repo_digests: [], id: 'i', ...item },
          { repo_tags: [], repo_digests: [], id: 'j' },
        ]),
      );
    }),
  );
}

test(
  'copies for several runtime handlers stay apart, and are pinned if one is',
  fastForward(async t => {
    const for_ = (runtime_handler: string, more: Message = {}) => ({ id: 'i', spec: { runtime_handler }, ...more });
    const parts = [
      encode([{ id: 'i', repo_tags: ['a'] }, { id: 'j' }]),
      encode([for_('kata', { repo_tags: ['b'], pinned: true })]),
      encode([for_('kata', { repo_tags: ['c'] }), for_('runsc', { repo_tags: ['d'] }), { id: 'i', repo_tags: ['e'] }]),
    ];
    t.strictSame(
      decode(mergeImages(parts)).map(({ id, spec, repo_tags, pinned }) => [
        id,
        spec?.runtime_handler,
        repo_tags,
        pinned,
      ]),
      [
        ['i', undefined, ['a', 'e'], true],
        ['j', undefined, [], undefined],
        ['i', 'kata', ['b', 'c'], true],
        ['i', 'runsc', ['d'], true],
      ],
    );
  }),
);

test(
  'lists without a common image are concatenated as they are',
  fastForward(async t => {
    const [a, b] = [encode([{ id: 'a', repo_tags: ['x', 'x'] }]), encode([{ id: 'b' }])];
    t.strictSame(mergeImages([a, b]), Buffer.concat([a, b]));
    t.equal(mergeImages([a]), a, 'the same Buffer');
    t.equal(mergeImages([]).length, 0);
  }),
);

test(
  'copies in one list are left to its runtime',
  fastForward(async t => {
    const [a, b] = [encode([{ id: 'a' }, { id: 'a', repo_tags: ['x'] }]), encode([{ id: 'b' }])];
    t.strictSame(mergeImages([a, b]), Buffer.concat([a, b]));
    const c = encode([{ id: 'c' }, { id: 'a', repo_tags: ['y'] }]);
    t.strictSame(plain(decode(mergeImages([a, c]))), [
      { id: 'a', repo_tags: ['x', 'y'], repo_digests: [] },
      { id: 'c', repo_tags: [], repo_digests: [] },
    ]);
  }),
);

test(
  'fields that nobody knows are kept, in items and beside them',
  fastForward(async t => {
    const item = Buffer.concat([types.encode('Image', { id: 'i' }), Buffer.from('9a06017a', 'hex')]);
    const list = Buffer.concat([Buffer.from([0x0a, item.length]), item, Buffer.from('1001', 'hex')]);
    t.equal(mergeImages([list, encode([{ id: 'i' }])]).toString('hex'), list.toString('hex'));
  }),
);

test(
  'a list is cut between items',
  fastForward(async t => {
    const images = Array.from({ length: 100 }, (_, index) => ({ id: `sha256:${index}`.padEnd(90, '0') }));
    const list = encode(images);
    const parts = [...cutList(list, 1000)];
    t.strictSame(Buffer.concat(parts), list);
    t.equal(parts.length, 10);
    for (const part of parts) t.ok(decode(part).length > 0 && part.length < 1100);
    t.strictSame([...cutList(Buffer.alloc(0), 1000)], []);
  }),
);

const DIGEST = `sha256:${'fedcba9876543210'.repeat(4)}`;
const PAUSE = 'registry.k8s.io/pause:3.9';

/** Rows of -pin, and the tags of images that are shown as pinned, each tag `image of runtime`. */
const pins: ReadonlyArray<
  readonly [rows: NonNullable<NodeOptions['settings']>['pins'] & {}, pinned: readonly string[]]
> = [
  [[], ['alt/kept']],
  [[{ runtime: undefined, glob: 'registry.k8s.io/pause*' }], [PAUSE, `alt/${PAUSE}`, 'alt/kept']],
  [[{ runtime: '', glob: 'registry.k8s.io/pause*' }], [PAUSE, 'alt/kept']],
  [[{ runtime: 'alt', glob: 'registry.k8s.io/*' }], [`alt/${PAUSE}`, 'alt/kept']],
  [[{ runtime: undefined, glob: 'registry.k8s.io/pause:3.?' }], [PAUSE, `alt/${PAUSE}`, 'alt/kept']],
  [[{ runtime: undefined, glob: 'pause*' }], ['alt/kept']],
  [[{ runtime: undefined, glob: 'alt/*' }], ['alt/kept']],
  [[{ runtime: undefined, glob: 'registry?k8s.io/pause:3.9' }], [PAUSE, `alt/${PAUSE}`, 'alt/kept']],
  [[{ runtime: undefined, glob: 'registry.k8s.io.pause:3.9' }], ['alt/kept']],
  [[{ runtime: undefined, glob: '*@sha256:abc' }], ['web', 'alt/kept']],
  [[{ runtime: '', glob: 'id-web' }], ['web', 'alt/kept']],
];

for (const [rows, pinned] of pins) {
  test(
    `-pin ${rows.map(row => `${row.runtime ?? 'all'}=${row.glob}`).join(' ') || 'left out'}`,
    fastForward(async t => {
      const images: Record<string, Message[]> = {
        '': [
          { id: 'id-pause', repo_tags: [PAUSE] },
          { id: 'id-web', repo_tags: ['web'], repo_digests: ['web@sha256:abc'] },
        ],
        alt: [
          { id: 'id-pause-alt', repo_tags: [PAUSE] },
          { id: 'id-kept', repo_tags: ['kept'], pinned: true },
        ],
      };
      const answersOf = (id: string) => ({
        ListImages: () => ({ images: images[id]! }),
        ImageStatus: ({ image }: Message) => ({
          image: images[id]!.find(each => each['repo_tags'].includes(image.image))!,
        }),
      });
      const node = startNode(['', 'alt'], {
        settings: { pins: rows },
        answers: { '': answersOf(''), alt: answersOf('alt') },
      });
      t.teardown(() => node.stop());
      const shown = (await node.call('ListImages'))['images'].filter((each: Message) => each['pinned']);
      t.strictSame(shown.map((each: Message) => each['repo_tags'][0]).sort(), [...pinned].sort(), 'ListImages');
      for (const tag of [PAUSE, `alt/${PAUSE}`, 'web', 'alt/kept']) {
        const { image } = await node.call('ImageStatus', { image: { image: tag } });
        t.equal(image.pinned, pinned.includes(tag), `ImageStatus ${tag}`);
      }
      node.runtimes['alt']!.goDown();
      const kept = (await node.call('ListImages'))['images'].filter((each: Message) => each['pinned']);
      t.strictSame(kept.length, pinned.length, 'from a snapshot too');
    }),
  );
}

test(
  'a filter is applied before images are joined',
  fastForward(async t => {
    const answersOf = (tag: string) => ({ ListImages: () => ({ images: [{ id: DIGEST, repo_tags: [tag] }] }) });
    const node = startNode(['', 'alt'], { answers: { '': answersOf('web'), alt: answersOf('web') } });
    t.teardown(() => node.stop());
    const ask = async (image: string) => (await node.call('ListImages', { filter: { image: { image } } }))['images'];
    t.strictSame(
      (await ask('web')).map((each: Message) => each['repo_tags']),
      [['web', 'alt/web']],
    );
    t.strictSame(
      (await ask('alt/web')).map((each: Message) => each['repo_tags']),
      [['alt/web']],
    );
  }),
);

test(
  'a streamed list is one list in messages of about a MiB',
  fastForward(async t => {
    const many = (prefix: string) =>
      Array.from({ length: 3000 }, (_, index) => ({ id: `${prefix}${index}`, repo_tags: ['t'.repeat(500)] }));
    const both = { id: DIGEST, repo_tags: ['x'] };
    const node = startNode(['', 'alt', 'old'], {
      answers: {
        '': { StreamImages: () => [{ images: many('p') }, { images: [both] }] },
        alt: { StreamImages: () => [{ images: [both] }, { images: many('a') }] },
        old: { ListImages: () => ({ images: [both] }) },
      },
    });
    t.teardown(() => node.stop());
    const messages = await node.stream('StreamImages');
    t.ok(messages.length >= 3 && messages.length <= 5, `${messages.length} messages`);
    const images = messages.flatMap(message => message['images']);
    t.equal(images.length, 6001);
    const [joined] = images.filter((image: Message) => image['id'] === DIGEST);
    t.strictSame(joined.repo_tags, ['x', 'alt/x', 'old/x']);
  }),
);
