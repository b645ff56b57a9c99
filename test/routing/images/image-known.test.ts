import { test } from 'tap';
import { Code } from '../../../src/base/codes.ts';
import { FRESH } from '../../../src/routing/call/holding.ts';
import type { Message } from '../../support/cri-types.ts';
import { elapse, fastForward } from '../../support/virtual-time.ts';
import { failure, type Node, startNode } from '../node-lab.ts';

const DIGEST = `sha256:${'fedcba9876543210'.repeat(4)}`;
const web = { id: DIGEST, repo_tags: ['docker.io/library/web:1'] };
const never = () => new Promise<Message>(() => {});
const lists = ['ListPodSandbox', 'ListContainers', 'ListImages'];

/** Two runtimes whose lists are known; alt has these images. */
async function start(images: readonly Message[] = [], settings = {}): Promise<Node> {
  const answers = {
    '': { ImageStatus: () => ({}) },
    alt: {
      ListImages: () => ({ images: [...images] }),
      ImageStatus: () => (images.length > 0 ? { image: images[0]! } : {}),
      PullImage: never,
    },
  };
  const node = startNode(['', 'alt'], { answers, settings });
  for (const list of lists) await node.call(list);
  return node;
}

function hang(node: Node): void {
  const { answers } = node.runtimes['alt']!;
  for (const method of [...lists, 'ImageStatus', 'PullImage']) answers[method] = never;
}

const byName = { image: { image: 'web:1' } };
const byId = { image: { image: DIGEST } };

interface Row {
  readonly what: string;
  readonly images?: readonly Message[];
  readonly request?: Message;
  prepare(node: Node): unknown;
  /** A code, or whether the image is there. */
  readonly got: number | 'missing' | 'there';
}

const altOf = (node: Node) => node.runtimes['alt']!;
const snapshotOf = (node: Node) => node.state.of(altOf(node));
/** The list of images is this much older than the others. */
const age = (node: Node, ms: number) => {
  const { pods, containers, images } = snapshotOf(node);
  images.takenAt = Math.max(pods.takenAt!, containers.takenAt!, node.state.startedAt) - ms;
};

const rows: readonly Row[] = [
  { what: 'alt, which had none, is down', prepare: node => altOf(node).goDown(), got: 'missing' },
  { what: 'alt, which had none, hangs', prepare: hang, got: 'missing' },
  { what: 'the same by id, alt is down', request: byId, prepare: node => altOf(node).goDown(), got: 'missing' },
  { what: 'the same by id, alt hangs', request: byId, prepare: hang, got: 'missing' },
  { what: 'alt, which had it, is down', images: [web], prepare: node => altOf(node).goDown(), got: 'there' },
  { what: 'alt, which had it, hangs', images: [web], prepare: hang, got: 'there' },
  {
    what: 'alt, which had it, is asked by id and is down',
    images: [web],
    request: byId,
    prepare: node => altOf(node).goDown(),
    got: 'there',
  },
  {
    what: 'alt, which had it long before it went down',
    images: [web],
    prepare(node) {
      age(node, FRESH + 1);
      altOf(node).goDown();
    },
    got: Code.Unavailable,
  },
  {
    what: 'alt is down, its list as old as is fresh',
    prepare(node) {
      age(node, FRESH);
      altOf(node).goDown();
    },
    got: 'missing',
  },
  {
    what: 'alt is down, its list older than is fresh',
    prepare(node) {
      age(node, FRESH + 1);
      altOf(node).goDown();
    },
    got: Code.Unavailable,
  },
  {
    what: 'alt has been down for long: nothing changes there',
    prepare(node) {
      for (const list of ['pods', 'containers', 'images'] as const) snapshotOf(node)[list].takenAt! -= 1_000;
      altOf(node).goDown();
    },
    got: 'missing',
  },
  {
    what: 'alt is down, and the proxy came long after its list',
    prepare(node) {
      for (const list of ['pods', 'containers', 'images'] as const) snapshotOf(node)[list].takenAt! -= 2 * FRESH;
      altOf(node).goDown();
    },
    got: Code.Unavailable,
  },
  {
    what: 'alt is pulling it',
    prepare(node) {
      void node.call('PullImage', { image: { image: 'alt/web:1' } }).catch(() => {});
      hang(node);
    },
    got: Code.Unavailable,
  },
  {
    what: 'alt is pulling another',
    prepare(node) {
      void node.call('PullImage', { image: { image: 'alt/other:1' } }).catch(() => {});
      hang(node);
    },
    got: 'missing',
  },
  {
    what: 'alt is pulling another, which may have this id',
    request: byId,
    prepare(node) {
      void node.call('PullImage', { image: { image: 'alt/other:1' } }).catch(() => {});
      hang(node);
    },
    got: Code.Unavailable,
  },
  {
    what: 'alt failed to pull it and went down before its next list',
    async prepare(node) {
      altOf(node).answers['PullImage'] = () => {
        altOf(node).goDown();
        throw failure(Code.Unavailable, 'the connection was lost');
      };
      await node.fault('PullImage', { image: { image: 'alt/docker.io/library/web:1' } });
    },
    got: Code.Unavailable,
  },
  {
    what: 'alt failed to pull it, and has listed what it has since',
    async prepare(node) {
      altOf(node).answers['PullImage'] = () => {
        throw failure(Code.Unknown, 'no such registry');
      };
      await node.fault('PullImage', { image: { image: 'alt/web:1' } });
      await elapse(5);
      await node.call('ListImages');
      altOf(node).goDown();
    },
    got: 'missing',
  },
  {
    what: 'alt fails, which had none',
    prepare(node) {
      altOf(node).answers['ImageStatus'] = () => {
        throw failure(Code.Internal, 'disk on fire');
      };
    },
    got: 'missing',
  },
];

for (const { what, images = [], request = byName, prepare, got } of rows) {
  test(
    `ImageStatus without a pod when ${what}: ${got}`,
    fastForward(async t => {
      const node = await start(images);
      t.teardown(() => node.stop());
      await prepare(node);
      const outcome = await node.call('ImageStatus', request).then(
        answer => (answer['image'] === null ? 'missing' : 'there'),
        (fault: { code: number }) => fault.code,
      );
      t.equal(outcome, got);
    }),
  );
}

test(
  'the status of an image from a list is the one that its runtime would give',
  fastForward(async t => {
    const image = { ...web, size: 7, uid: { value: 1000 }, username: 'web', pinned: true };
    const node = await start([image]);
    t.teardown(() => node.stop());
    for (const request of [byName, byId, { image: { image: 'alt/docker.io/library/web:1' } }]) {
      const live = await node.call('ImageStatus', request);
      altOf(node).goDown();
      const listed = await node.call('ImageStatus', request).catch(() => undefined);
      altOf(node).comeUp();
      if (request.image.image.startsWith('alt/'))
        t.equal(listed, undefined, 'a name of one runtime is asked of it alone');
      else t.strictSame(listed, live);
    }
  }),
);

test(
  'a snapshot older than -maxSnapshotAge tells nothing',
  fastForward(async t => {
    const node = await start();
    t.teardown(() => node.stop());
    node.state.changeGeneration({ runtimes: node.state.runtimes, settings: {} as never }, 0);
    altOf(node).goDown();
    await elapse(5);
    t.equal((await node.fault('ImageStatus', byName)).code, Code.Unavailable);
  }),
);

test(
  'one that is known to hang is not asked again',
  fastForward(async t => {
    const node = await start([], { listTimeout: 50 });
    t.teardown(() => node.stop());
    hang(node);
    await node.call('ListImages');
    await node.call('ImageStatus', byName);
    t.strictSame(altOf(node).asked('ImageStatus'), []);
  }),
);

test(
  'a secondary is waited for as long as a list, whatever the client would wait',
  fastForward(async t => {
    const node = await start([web], { listTimeout: 50 });
    t.teardown(() => node.stop());
    age(node, FRESH + 1);
    hang(node);
    const { message } = await node.fault('ImageStatus', byName);
    t.match(message, 'runtime alt does not answer: no answer within 50 ms; it may have the image "web:1"');
  }),
);

test(
  'an id of a pod that no snapshot has: unknown where the snapshot is not fresh',
  fastForward(async t => {
    for (const [ms, code] of [
      [0, Code.NotFound],
      [2 * FRESH, Code.Unavailable],
    ] as const) {
      const answers = {
        '': {
          PodSandboxStatus: () => {
            throw failure(Code.NotFound, 'no such pod');
          },
        },
      };
      const node = startNode(['', 'alt'], { answers, settings: { ids: 'raw' } });
      t.teardown(() => node.stop());
      for (const list of lists) await node.call(list);
      snapshotOf(node).pods.takenAt! -= ms;
      altOf(node).goDown();
      t.equal((await node.fault('PodSandboxStatus', { pod_sandbox_id: '1'.repeat(64) })).code, code);
    }
  }),
);
