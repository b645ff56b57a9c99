import { test } from 'tap';
import { Code } from '../../../src/base/codes.ts';
import { FRESH } from '../../../src/routing/call/holding.ts';
import { criTypes, type Message } from '../../support/cri-types.ts';
import { elapse, fastForward } from '../../support/virtual-time.ts';
import { fakeRuntime } from '../fakes.ts';
import { callOptions, startLab } from '../lab.ts';
import { type Answer, failure, type Node, startNode } from '../node-lab.ts';

const HEX = 'fedcba9876543210'.repeat(4);
const DIGEST = `sha256:${HEX}`;
const never = () => new Promise<Message>(() => {});
const lacksService = Object.fromEntries(
  ['ListImages', 'ImageStatus', 'RemoveImage', 'PullImage'].map(method => [
    method,
    () => {
      throw failure(Code.Unimplemented, 'unknown service ImageService');
    },
  ]),
);

const web = { id: DIGEST, repo_tags: ['docker.io/library/web:1'], repo_digests: [`docker.io/library/web@${DIGEST}`] };
const hexWeb = { ...web, id: HEX };
const user = (ref: Message) => ({ id: 'c1', pod_sandbox_id: 'p1', state: 'CONTAINER_EXITED', ...ref });

/** A runtime like containerd: it has these images, and finds an image by either form of the id. */
function holding(images: readonly Message[], containers: readonly Message[] = []): Record<string, Answer> {
  const removed = new Set<Message>();
  const left = () => images.filter(image => !removed.has(image));
  return {
    ListImages: () => ({ images: left() }),
    ListContainers: () => ({ containers }),
    RemoveImage({ image }) {
      const found = left().find(({ id, repo_tags }) =>
        [id, id.replace('sha256:', ''), ...repo_tags].includes(image.image),
      );
      if (found === undefined) throw failure(Code.NotFound, 'no such image');
      removed.add(found);
      return {};
    },
  };
}

type State = 'up' | 'hangs' | 'down' | 'down, long after its list';

interface Row {
  readonly what: string;
  readonly image?: Message;
  readonly primary: Record<string, Answer>;
  readonly alt: Record<string, Answer>;
  readonly state?: State;
  readonly code: number;
  /** The runtimes that are asked to remove it. */
  readonly asked: readonly string[];
}

const rows: readonly Row[] = [
  { what: 'both have it', primary: holding([web]), alt: holding([web]), code: Code.OK, asked: ['', 'alt'] },
  { what: 'nobody has the id', primary: holding([]), alt: holding([]), code: Code.OK, asked: [] },
  {
    what: 'nobody has the name, which the primary may know by a rule of its own',
    image: { image: 'web:1' },
    primary: holding([]),
    alt: holding([]),
    code: Code.NotFound,
    asked: [''],
  },
  {
    what: 'alt alone has the name',
    image: { image: 'docker.io/library/web:1' },
    primary: holding([]),
    alt: holding([web]),
    code: Code.OK,
    asked: ['alt'],
  },
  {
    what: 'it is the bare hex of alt, and the primary uses the same image by its digest',
    image: { image: HEX },
    primary: holding([web], [user({ image_id: DIGEST })]),
    alt: holding([hexWeb]),
    code: Code.OK,
    asked: ['alt'],
  },
  {
    what: "it is the primary's digest, and alt uses the same image by its bare hex",
    primary: holding([web]),
    alt: holding([hexWeb], [user({ image_id: HEX })]),
    code: Code.OK,
    asked: [''],
  },
  {
    what: 'it is the bare hex that alt does not list any more',
    image: { image: HEX },
    primary: holding([web], [user({ image_id: DIGEST })]),
    alt: holding([]),
    code: Code.OK,
    asked: [],
  },
  ...[
    { image_id: DIGEST },
    { image_ref: DIGEST },
    { image_ref: `docker.io/library/web@${DIGEST}` },
    { image: { image: 'docker.io/library/web:1' } },
  ].map(ref => ({
    what: `a container of alt uses it by ${JSON.stringify(ref)}`,
    primary: holding([web]),
    alt: holding([web], [user(ref)]),
    code: Code.FailedPrecondition,
    asked: [''],
  })),
  {
    what: 'a container of the primary uses it',
    primary: holding([web], [user({ image_id: DIGEST })]),
    alt: holding([web]),
    code: Code.FailedPrecondition,
    asked: ['alt'],
  },
  {
    what: 'a container uses an image whose tag it had once',
    primary: holding([web], [user({ image_id: `sha256:${'1'.repeat(64)}`, image: { image: 'web:1' } })]),
    alt: holding([]),
    code: Code.OK,
    asked: [''],
  },
  {
    what: 'both have it',
    state: 'hangs',
    primary: holding([web]),
    alt: holding([web]),
    code: Code.Unavailable,
    asked: [''],
  },
  {
    what: 'alt had no such image',
    state: 'hangs',
    primary: holding([web]),
    alt: holding([]),
    code: Code.OK,
    asked: [''],
  },
  {
    what: 'both have it',
    state: 'down',
    primary: holding([web]),
    alt: holding([web]),
    code: Code.Unavailable,
    asked: [''],
  },
  {
    what: 'alt had no such image',
    state: 'down',
    primary: holding([web]),
    alt: holding([]),
    code: Code.OK,
    asked: [''],
  },
  {
    what: 'alt had no such image',
    state: 'down, long after its list',
    primary: holding([web]),
    alt: holding([]),
    code: Code.Unavailable,
    asked: [''],
  },
  {
    what: 'alt has no image service',
    primary: holding([web]),
    alt: lacksService,
    code: Code.OK,
    asked: [''],
  },
  {
    what: 'the primary has no image service',
    primary: lacksService,
    alt: holding([web]),
    code: Code.OK,
    asked: ['alt'],
  },
  {
    what: 'alt fails to remove it',
    primary: holding([web]),
    alt: {
      ...holding([web]),
      RemoveImage() {
        throw failure(Code.Internal, 'disk on fire');
      },
    },
    code: Code.Internal,
    asked: ['', 'alt'],
  },
  {
    what: 'alt cannot say which images it uses',
    primary: holding([web]),
    alt: {
      ...holding([web]),
      ListContainers() {
        throw failure(Code.Unknown, 'no database');
      },
    },
    code: Code.Unknown,
    asked: [''],
  },
  {
    what: 'alt cannot say which images it uses, and has no such image',
    primary: holding([web]),
    alt: {
      ...holding([]),
      ListContainers() {
        throw failure(Code.Unknown, 'no database');
      },
    },
    code: Code.OK,
    asked: [''],
  },
  {
    what: 'it is of the handler of alt',
    image: { image: DIGEST, runtime_handler: 'alt' },
    primary: holding([web]),
    alt: holding([web]),
    code: Code.OK,
    asked: ['alt'],
  },
  {
    what: 'it is of the handler of alt, which uses it',
    image: { image: DIGEST, runtime_handler: 'alt' },
    primary: holding([web]),
    alt: holding([web], [user({ image_id: DIGEST })]),
    code: Code.FailedPrecondition,
    asked: [],
  },
  {
    what: 'it is of a handler that no row has, which alt lists it for',
    image: { image: DIGEST, runtime_handler: 'runsc' },
    primary: holding([web]),
    alt: holding([{ ...web, spec: { runtime_handler: 'runsc' } }]),
    code: Code.OK,
    asked: ['alt'],
  },
  {
    what: 'it has the prefix of alt',
    image: { image: 'alt/docker.io/library/web:1' },
    primary: holding([web]),
    alt: holding([web]),
    code: Code.OK,
    asked: ['alt'],
  },
];

async function start(primary: Record<string, Answer>, alt: Record<string, Answer>, state: State): Promise<Node> {
  const node = startNode(['', 'alt'], { answers: { '': primary, alt } });
  for (const list of ['ListPodSandbox', 'ListContainers', 'ListImages']) await node.call(list).catch(() => {});
  const { images } = node.state.of(node.runtimes['alt']!);
  if (state === 'down, long after its list') images.takenAt! -= 2 * FRESH;
  if (state.startsWith('down')) node.runtimes['alt']!.goDown();
  if (state === 'hangs') for (const method of Object.keys(alt)) node.runtimes['alt']!.answers[method] = never;
  for (const each of Object.values(node.runtimes)) each.forgetAsked();
  return node;
}

const askedOf = (node: Node) =>
  Object.values(node.runtimes).flatMap(({ id, asked }) => asked('RemoveImage').map(() => id));

for (const { what, image = { image: DIGEST }, primary, alt, state = 'up', code, asked } of rows) {
  test(
    `RemoveImage when ${what}; alt ${state}: ${code}`,
    fastForward(async t => {
      const node = await start(primary, alt, state);
      t.teardown(() => node.stop());
      const fault = await node.call('RemoveImage', { image }).then(
        () => ({ code: Code.OK, message: '' }),
        (error: { code: number; message: string }) => error,
      );
      t.equal(fault.code, code, fault.message);
      t.strictSame(askedOf(node), asked);
    }),
  );
}

test(
  'a removal that alt does not end is Unavailable, and is not begun again while it lasts',
  fastForward(async t => {
    const node = await start(holding([web]), holding([web]), 'up');
    t.teardown(() => node.stop());
    let end = (_answer: Message) => {};
    node.runtimes['alt']!.answers['RemoveImage'] = () => new Promise<Message>(resolve => (end = resolve));
    const first = await node.fault('RemoveImage', { image: { image: DIGEST } });
    t.equal(first.code, Code.Unavailable);
    t.match(first.message, /runtime alt does not answer: .*; it may have the image/);
    t.strictSame(askedOf(node), ['', 'alt'], 'the primary has removed its own');
    await node.fault('RemoveImage', { image: { image: DIGEST } });
    t.strictSame(askedOf(node), ['', 'alt']);
    end({});
    node.runtimes['alt']!.answers['ListImages'] = () => ({});
    await node.call('RemoveImage', { image: { image: DIGEST } });
    t.strictSame(askedOf(node), ['', 'alt'], 'when it has ended the image is gone');
  }),
);

test(
  'the primary may take as long as the client waits',
  fastForward(async t => {
    const slow = (answer: Answer) => async (request: Message) => {
      await elapse(400);
      return (await answer(request)) as Message;
    };
    const quick = holding([web]);
    const primary = Object.fromEntries(Object.entries(quick).map(([method, answer]) => [method, slow(answer)]));
    const node = await start(primary, holding([web]), 'up');
    t.teardown(() => node.stop());
    await node.call('RemoveImage', { image: { image: DIGEST } });
    t.strictSame(askedOf(node).sort(), ['', 'alt']);
  }),
);

test(
  'one runtime alone judges for itself, as without a proxy',
  fastForward(async t => {
    const node = startNode([''], { answers: { '': holding([web], [user({ image_id: DIGEST })]) } });
    t.teardown(() => node.stop());
    await node.call('RemoveImage', { image: { image: HEX } });
    t.strictSame(askedOf(node), ['']);
  }),
);

test(
  'a name of two images, pulled for two handlers, is removed once for each',
  fastForward(async t => {
    const images = ['x', 'y'].map(runtime_handler => ({ ...web, id: runtime_handler, spec: { runtime_handler } }));
    const node = await start(holding([]), holding(images), 'up');
    t.teardown(() => node.stop());
    const removed: string[] = [];
    node.runtimes['alt']!.answers['RemoveImage'] = async ({ image }) => {
      await elapse(20);
      removed.push(image.runtime_handler);
      return {};
    };
    const remove = (runtime_handler: string) =>
      node.call('RemoveImage', { image: { image: 'web:1', runtime_handler } });
    await Promise.all([remove('x'), remove('y')]);
    t.strictSame(removed, ['x', 'y']);
  }),
);

test(
  'a primary that hangs has one question, however many removals wait',
  fastForward(async t => {
    const hanging = fakeRuntime('', { answers: { ListImages: () => new Promise<Buffer>(() => {}) } });
    const lab = startLab([hanging, fakeRuntime('alt')], { listTimeout: 50 });
    t.teardown(() => lab.stop());
    const request = criTypes('runtime.v1').encode('RemoveImageRequest', { image: { image: DIGEST } });
    const calls = [0, 1, 2].map(() => callOptions({ deadline: performance.now() + 500 }));
    const ends = calls.map(options => lab.send('RemoveImage', request, options).catch(fault => fault));
    await elapse(200);
    t.equal(hanging.askedFor('ListImages').length, 1);
    for (const fault of await Promise.all(ends)) t.equal(fault.code, Code.DeadlineExceeded);
    t.equal(hanging.askedFor('ListImages').length, 1);
  }),
);
