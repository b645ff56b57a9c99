import { test } from 'tap';
import type { ImageNames } from '../../../src/routing/port/routing-settings.ts';
import { Snapshot } from '../../../src/routing/state/snapshot.ts';
import type { Message } from '../../support/cri-types.ts';
import { decodeSnapshot, encodeSnapshot } from '../../support/snapshot-contents.ts';
import { type Answer, type Node, type NodeOptions, startNode } from '../node-lab.ts';

const idOf = (digit: string) => `sha256:${digit.repeat(64)}`;
const WEB = 'registry.example/web:1';
const DIGEST = `registry.example/web@${idOf('d')}`;
const web = { id: idOf('1'), repo_tags: [WEB], repo_digests: [DIGEST], spec: { image: WEB } };
const api = { id: idOf('2'), repo_tags: ['registry.example/api:1'], repo_digests: [] };

/** A runtime like containerd: it lists a container with the image of its config, and has the first tag in its status. */
function runtime(): Record<string, Answer> {
  const containers: Message[] = [];
  const images = [web, api];
  const find = (name: string) => images.find(({ id, repo_tags }) => id === name || repo_tags.includes(name))!;
  const make = (config: Message) => {
    const id = `c${containers.length}`;
    containers.push({ id, pod_sandbox_id: 'p', image: config['image'], image_ref: web.id, image_id: web.id });
    return id;
  };
  const statusOf = ({ id }: Message) => ({
    id,
    image: { image: WEB },
    image_ref: DIGEST,
    image_id: web.id,
    mounts: [{ image: { image: WEB } }],
  });
  return {
    ListImages: () => ({ images }),
    StreamImages: () => [{ images }],
    ImageStatus: ({ image }) => ({ image: find(image.image) }),
    PullImage: ({ image }) => ({ image_ref: find(image.image).id }),
    ListPodSandbox: () => ({ items: [{ id: 'p' }] }),
    ListContainers: () => ({ containers }),
    StreamContainers: () => [{ containers }],
    CreateContainer: ({ config }) => ({ container_id: make(config) }),
    RestorePod: ({ container_configs }) => ({
      pod_sandbox_id: 'p',
      restored_containers: container_configs.map((config: Message) => ({
        name: config['metadata'].name,
        container_id: make(config),
      })),
    }),
    ContainerStatus: ({ container_id }) => ({ status: statusOf({ id: container_id }) }),
    PodSandboxStatus: () => ({ status: { id: 'p' }, containers_statuses: containers.map(statusOf) }),
  };
}

function start(settings: NodeOptions['settings'] = {}): Node {
  return startNode(['', 'alt'], { answers: { '': runtime(), alt: runtime() }, settings });
}

const alt = { 'kubernetes.io/target-runtime': 'alt' };
const create = (image: Message) => ({ pod_sandbox_id: 'alt__p', config: { image } });

/** Each shown name of a container's image, without ids. */
async function namesOf(node: Node, id: string): Promise<Record<string, string>> {
  const { status } = await node.call('ContainerStatus', { container_id: id });
  const { containers } = await node.call('ListContainers');
  const streamed = (await node.stream('StreamContainers')).flatMap(each => each['containers'] as Message[]);
  const pod = await node.call('PodSandboxStatus', { pod_sandbox_id: 'alt__p' });
  const byId = (list: Message[]) => list.find(each => each['id'] === id)!;
  return {
    status: status.image.image,
    ref: status.image_ref,
    mount: status.mounts[0].image.image,
    listed: byId(containers).image.user_specified_image,
    streamed: byId(streamed).image.user_specified_image,
    inPod: byId(pod['containers_statuses']).image.image,
  };
}

const bare = { status: WEB, ref: DIGEST, mount: WEB, listed: WEB, streamed: WEB, inPod: WEB };
const prefixed = Object.fromEntries(Object.entries(bare).map(([key, name]) => [key, `alt/${name}`]));

for (const ids of ['prefixed', 'raw'] as const) {
  test(`a container has the image's name as its pod has it, with ids ${ids}`, async t => {
    const node = start({ ids });
    t.teardown(() => node.stop());
    const one = await node.call('CreateContainer', create({ image: web.id, user_specified_image: WEB }));
    const other = await node.call('CreateContainer', create({ image: web.id, user_specified_image: `alt/${WEB}` }));
    const third = await node.call('CreateContainer', create({ image: web.id, user_specified_image: WEB }));
    t.strictSame(await namesOf(node, one['container_id']), bare);
    t.strictSame(await namesOf(node, other['container_id']), prefixed, 'the same image with the prefix');
    t.strictSame(await namesOf(node, third['container_id']), bare);
    const { containers } = await node.call('ListContainers');
    t.strictSame(
      containers.map(({ image, image_ref, image_id }: Message) => [image.image, image_ref, image_id]),
      Array(3).fill([web.id, web.id, web.id]),
      'ids are ids',
    );
  });
}

test('a list that was answered before the runtime had answered CreateContainer is made anew', async t => {
  const node = start();
  t.teardown(() => node.stop());
  const { answers } = node.runtimes['alt']!;
  const made = answers['CreateContainer']!;
  let listedBefore: Message = {};
  answers['CreateContainer'] = async request => {
    const answer = (await made(request)) as Message;
    listedBefore = await node.call('ListContainers');
    return answer;
  };
  const { container_id } = await node.call(
    'CreateContainer',
    create({ image: web.id, user_specified_image: `alt/${WEB}` }),
  );
  t.equal(listedBefore['containers'].length, 1);
  t.strictSame(await namesOf(node, container_id), prefixed);
});

/** Names that a kubelet before 1.28, which creates containers by an id alone, has used for the image before: the last one counts. */
const histories: ReadonlyArray<readonly [what: string, calls: ReadonlyArray<readonly [string, Message]>, is: Message]> =
  [
    ['nothing', [], bare],
    ['a pull with the prefix', [['PullImage', { image: { image: `alt/${WEB}` } }]], prefixed],
    ['a pull of the pod', [['PullImage', { image: { image: WEB, annotations: alt } }]], bare],
    ['a status with the prefix', [['ImageStatus', { image: { image: `alt/${WEB}` } }]], prefixed],
    [
      'both, and last without the prefix',
      [
        ['PullImage', { image: { image: `alt/${WEB}` } }],
        ['ImageStatus', { image: { image: WEB, annotations: alt } }],
      ],
      bare,
    ],
    [
      'a pull with the prefix, and the user of its id',
      [
        ['PullImage', { image: { image: `alt/${WEB}` } }],
        ['ImageStatus', { image: { image: web.id } }],
      ],
      prefixed,
    ],
    ['a pull of another with the prefix', [['PullImage', { image: { image: 'alt/registry.example/api:1' } }]], bare],
  ];

for (const [what, calls, is] of histories) {
  test(`a container that is made of an id alone, after ${what}`, async t => {
    const node = start();
    t.teardown(() => node.stop());
    for (const [method, request] of calls) await node.call(method, request);
    const { container_id } = await node.call('CreateContainer', create({ image: web.id }));
    const { status } = await node.call('ContainerStatus', { container_id });
    t.equal(status.image.image, is['status']);
    t.equal(status.image_ref, is['ref']);
  });
}

test('restored containers are named as in their configs', async t => {
  const node = start();
  t.teardown(() => node.stop());
  const config = (name: string, user_specified_image: string) => ({
    metadata: { name },
    image: { image: web.id, user_specified_image },
  });
  await node.call('RestorePod', {
    config: { annotations: alt },
    container_configs: [config('one', WEB), config('other', `alt/${WEB}`)],
  });
  t.strictSame(await namesOf(node, 'alt__c0'), bare);
  t.strictSame(await namesOf(node, 'alt__c1'), prefixed);
});

/** Gives one runtime's snapshot over a restart of the proxy. */
function restart(node: Node, settings: NodeOptions['settings'] = {}): Node {
  const content = encodeSnapshot(node.state.of(node.runtimes['alt']!), 'boot');
  node.stop();
  const answers = Object.fromEntries(Object.entries(node.runtimes).map(([id, each]) => [id, each.answers]));
  const again = startNode(['', 'alt'], { answers, settings });
  decodeSnapshot(content, 'boot', again.state.of(again.runtimes['alt']!));
  return again;
}

for (const state of ['up', 'down']) {
  test(`names outlast a restart of the proxy, alt ${state}`, async t => {
    const before = start();
    for (const list of ['ListPodSandbox', 'ListContainers', 'ListImages']) await before.call(list);
    await before.call('CreateContainer', create({ image: web.id, user_specified_image: WEB }));
    await before.call('CreateContainer', create({ image: web.id, user_specified_image: `alt/${WEB}` }));
    await before.call('PullImage', { image: { image: `alt/${WEB}` } });
    const node = restart(before, { imageNames: 'asked' });
    t.teardown(() => node.stop());
    if (state === 'down') node.runtimes['alt']!.goDown();
    const { containers } = await node.call('ListContainers');
    t.strictSame(
      containers.map(({ image }: Message) => image.user_specified_image),
      [WEB, `alt/${WEB}`],
    );
    const { images } = await node.call('ListImages', { filter: { image: { image: `alt/${WEB}` } } });
    t.strictSame(images.find((image: Message) => image['id'] === web.id).repo_tags, [`alt/${WEB}`]);
  });
}

const tags = (images: Message[]) => images.flatMap(image => [...image['repo_tags'], ...image['repo_digests']]);

/** The names that a list shows for alt's images, one of which was pulled with the prefix and one without. */
const shown: ReadonlyArray<readonly [ids: 'raw' | 'prefixed', names: ImageNames | undefined, shown: string[]]> = [
  ['prefixed', undefined, [`alt/${WEB}`, `alt/${DIGEST}`, 'alt/registry.example/api:1']],
  ['prefixed', 'prefixed', [`alt/${WEB}`, `alt/${DIGEST}`, 'alt/registry.example/api:1']],
  ['prefixed', 'asked', [`alt/${WEB}`, `alt/${DIGEST}`, 'registry.example/api:1']],
  ['raw', undefined, [`alt/${WEB}`, `alt/${DIGEST}`, 'registry.example/api:1']],
  ['raw', 'asked', [`alt/${WEB}`, `alt/${DIGEST}`, 'registry.example/api:1']],
  ['raw', 'prefixed', [`alt/${WEB}`, `alt/${DIGEST}`, 'alt/registry.example/api:1']],
];

for (const [ids, imageNames, names] of shown) {
  test(`lists of images with -ids ${ids} and -imageNames ${imageNames ?? 'left out'}`, async t => {
    const node = start({ ids, ...(imageNames && { imageNames }) });
    t.teardown(() => node.stop());
    node.runtimes['']!.answers['ListImages'] = () => ({});
    node.runtimes['']!.answers['StreamImages'] = () => [];
    await node.call('ListImages');
    await node.call('PullImage', { image: { image: `alt/${WEB}` } });
    await node.call('PullImage', { image: { image: 'registry.example/api:1', annotations: alt } });
    t.strictSame(tags((await node.call('ListImages'))['images']), names);
    t.strictSame(tags((await node.stream('StreamImages')).flatMap(({ images }) => images)), names);
    node.runtimes['alt']!.goDown();
    t.strictSame(tags((await node.call('ListImages'))['images']), names, 'from the snapshot');
  });

  test(`a status of an image with -ids ${ids} and -imageNames ${imageNames ?? 'left out'}`, async t => {
    const node = start({ ids, ...(imageNames && { imageNames }) });
    t.teardown(() => node.stop());
    node.runtimes['']!.answers['ImageStatus'] = () => ({});
    const statusOf = async (image: Message) => tags([(await node.call('ImageStatus', { image }))['image']]);
    t.strictSame(await statusOf({ image: 'registry.example/api:1', annotations: alt }), ['registry.example/api:1']);
    t.strictSame(await statusOf({ image: api.id }), names.slice(2), 'by its id as a list shows it');
    t.strictSame(await statusOf({ image: `alt/${WEB}` }), [`alt/${WEB}`, `alt/${DIGEST}`]);
    t.strictSame(await statusOf({ image: web.id }), [`alt/${WEB}`, `alt/${DIGEST}`]);
    t.strictSame(await statusOf({ image: WEB, annotations: alt }), [WEB, DIGEST]);
    t.strictSame(await statusOf({ image: WEB }), [WEB, DIGEST], 'without a pod');
  });
}

test('a runtime whose ref of a pulled image is a digest of its repository', async t => {
  const node = start({ imageNames: 'asked' });
  t.teardown(() => node.stop());
  node.runtimes['alt']!.answers['PullImage'] = () => ({ image_ref: DIGEST });
  t.strictSame(await node.call('PullImage', { image: { image: `alt/${WEB}` } }), { image_ref: DIGEST });
  const { images } = await node.call('ListImages', { filter: { image: { image: `alt/${WEB}` } } });
  t.strictSame(tags(images).slice(0, 2), [`alt/${WEB}`, `alt/${DIGEST}`]);
});

test('names of removed items are forgotten when many are remembered', async t => {
  const snapshot = new Snapshot();
  snapshot.containers.set(Buffer.alloc(0), Date.now());
  snapshot.images.set(Buffer.alloc(0), Date.now());
  for (let count = 0; count < 10_000; count++) {
    snapshot.prefixUse.noteContainer(`c${count}`, 'alt/', snapshot.containers);
    snapshot.prefixUse.noteImage(`i${count}`, true, snapshot.images);
  }
  t.ok(snapshot.prefixUse.containers.size <= 201);
  t.ok(snapshot.prefixUse.images.size <= 201);
  t.ok(snapshot.prefixUse.containers.has('c9999'));
});

for (const id of ['kata', '']) {
  test(`a container keeps the prefix that it was made with when its runtime is ${id || 'the primary'} now`, async t => {
    const before = start();
    for (const list of ['ListPodSandbox', 'ListContainers', 'ListImages']) await before.call(list);
    await before.call('CreateContainer', create({ image: web.id, user_specified_image: WEB }));
    await before.call('CreateContainer', create({ image: web.id, user_specified_image: `alt/${WEB}` }));
    const content = encodeSnapshot(before.state.of(before.runtimes['alt']!), 'boot');
    before.stop();
    const others = id === '' ? [''] : ['', id];
    const node = startNode(others, { answers: { [id]: before.runtimes['alt']!.answers } });
    t.teardown(() => node.stop());
    decodeSnapshot(content, 'boot', node.state.of(node.runtimes[id]!));
    const { containers } = await node.call('ListContainers');
    t.strictSame(
      containers.map(({ image }: Message) => image.user_specified_image),
      [WEB, `alt/${WEB}`],
    );
  });
}

/** The ids of the runtimes after a change; the last one is at alt's socket. `named`: containers there were made with a prefix. */
const renames: ReadonlyArray<readonly [ids: readonly string[], named: boolean]> = [
  [['', 'kata'], true],
  [['', 'alt', 'kata'], true],
  [[''], true],
  [['', 'kata'], false],
  [['', 'alt', 'kata'], false],
];

for (const [ids, named] of renames) {
  const what = named ? 'means its runtime' : 'means nothing there, or another';
  test(`runtimes are ${ids.map(id => id || 'the primary')}: the prefix of before in a pod's image ${what}`, async t => {
    const before = start();
    const annotations = { 'kubernetes.io/config.seen': 'T' };
    const pod = { id: 'p', metadata: { uid: 'u' }, annotations };
    before.runtimes['alt']!.answers['ListPodSandbox'] = () => ({ items: [pod] });
    for (const list of ['ListPodSandbox', 'ListContainers', 'ListImages']) await before.call(list);
    await before.call('CreateContainer', create({ image: web.id, user_specified_image: named ? `alt/${WEB}` : WEB }));
    const content = encodeSnapshot(before.state.of(before.runtimes['alt']!), 'boot');
    before.stop();
    const id = ids.at(-1)!;
    const { answers } = before.runtimes['alt']!;
    const asked: string[] = [];
    const spied = (method: string): Answer => {
      const answer = answers[method]!;
      return request => {
        asked.push(request['image']?.image ?? request['config'].image.user_specified_image);
        return request['image'] === undefined || request['image'].image === WEB ? answer(request) : {};
      };
    };
    const spies = ['ImageStatus', 'PullImage', 'CreateContainer'].map(method => [method, spied(method)] as const);
    const node = startNode(ids, { answers: { [id]: { ...answers, ...Object.fromEntries(spies) } } });
    t.teardown(() => node.stop());
    decodeSnapshot(content, 'boot', node.state.of(node.runtimes[id]!));

    const image = { image: `alt/${WEB}`, annotations };
    const status = await node.call('ImageStatus', { image }).catch(() => ({ image: undefined }));
    await node.call('PullImage', { image, sandbox_config: { metadata: { uid: 'u' }, annotations } }).catch(() => {});
    const pod_sandbox_id = id === '' ? 'p' : `${id}__p`;
    const config = { image: { image: web.id, user_specified_image: `alt/${WEB}` } };
    const made = await node.call('CreateContainer', { pod_sandbox_id, config }).catch(() => undefined);
    if (!named) {
      t.notOk(asked.includes(WEB), 'it is no name of theirs');
      return;
    }
    t.strictSame(asked, [WEB, WEB, WEB]);
    t.strictSame(status['image'].repo_tags, [`alt/${WEB}`]);
    const { status: container } = await node.call('ContainerStatus', { container_id: made!['container_id'] });
    t.equal(container.image.image, `alt/${WEB}`);
  });
}
