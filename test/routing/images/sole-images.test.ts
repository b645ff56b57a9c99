import { type Test, test } from 'tap';
import { soleImages } from '../../../src/routing/images/sole-images.ts';
import { waitFor } from '../../support/child.ts';
import type { Message } from '../../support/cri-types.ts';
import { type Node, startNode } from '../node-lab.ts';

const image = (id: string, tags: readonly string[], digests: readonly string[] = []): Message => ({
  id,
  repo_tags: tags,
  repo_digests: digests,
});

const READY = 0;
const NOT_READY = 1;

interface Pod {
  readonly id: string;
  readonly image: string;
  readonly handler?: string;
  readonly target?: string;
  readonly state?: number;
}

/** The lists of a runtime: images, and pods with one container each. */
function lists(images: readonly Message[], pods: readonly Pod[] = []) {
  return {
    ListImages: () => ({ images }),
    ListPodSandbox: () => ({
      items: pods.map(({ id, handler = '', target, state = READY }) => ({
        id,
        state,
        runtime_handler: handler,
        annotations: target === undefined ? {} : { 'kubernetes.io/target-runtime': target },
      })),
    }),
    ListContainers: () => ({
      containers: pods.map(({ id, image: used }) => ({ id: `c-${id}`, pod_sandbox_id: id, image_ref: used })),
    }),
  };
}

async function start(
  t: Test,
  answers: Record<string, ReturnType<typeof lists>>,
  down: readonly string[] = [],
): Promise<Node> {
  const node = startNode(Object.keys(answers), {
    answers,
    down,
    handlers: [{ name: 'vm', runtime: 'docker', handler: 'runc-vm' }],
  });
  t.teardown(() => node.stop());
  for (const list of ['ListImages', 'ListPodSandbox', 'ListContainers']) await node.call(list);
  await waitFor('the lists', () => {
    const known = node.state.runtimes.all.filter(({ state }) => state.kind === 'up');
    return known.every(each => node.state.of(each).images.takenAt !== undefined) || undefined;
  });
  return node;
}

const settings = { streamBase: '', primaryWait: 0, listTimeout: 1_000 };

function of({ state: node }: Node, id: string) {
  const { runtimes } = node;
  return soleImages({ runtimes, settings, node }, runtimes.all.find(each => each.id === id)!);
}

const busybox = [image('sha256:bb', ['docker.io/library/busybox:latest'], ['docker.io/library/busybox@sha256:b0'])];

test('names that one runtime alone has, familiar or in full', async t => {
  const node = await start(t, {
    '': lists(busybox),
    docker: lists([
      image('sha256:bb', ['busybox:latest']),
      image('sha256:aa', ['local/app:1', 'local/app:latest']),
      image('sha256:cc', [], ['r.io/x@sha256:c0']),
      image('sha256:dd', []),
    ]),
  });
  t.same(of(node, 'docker'), { only: ['local/app:1', 'local/app:latest', 'r.io/x@sha256:c0'], missing: [] });
  t.same(of(node, ''), { only: [], missing: [] });
});

const pods: readonly (readonly [what: string, pod: Partial<Pod>, isMissing: boolean])[] = [
  ['names no runtime', {}, true],
  ['has a handler that is in no table', { handler: 'other' }, true],
  ['has the handler of its runtime', { handler: 'runc-vm' }, false],
  ['has the annotation', { target: 'docker' }, false],
  ['has ended', { state: NOT_READY }, false],
  ['uses an image that the primary has too', { image: 'sha256:bb' }, false],
];

for (const [what, pod, isMissing] of pods) {
  test(`a pod that ${what}: its image is ${isMissing ? '' : 'not '}missing where its successor goes`, async t => {
    const images = [image('sha256:aa', ['local/app:1']), image('sha256:bb', ['busybox:latest'])];
    const node = await start(t, {
      '': lists(busybox),
      docker: lists(images, [{ id: 'p', image: 'sha256:aa', ...pod }]),
    });
    t.same(of(node, 'docker')?.missing, isMissing ? [{ runtime: '', names: ['local/app:1'] }] : []);
  });
}

test('without lists to compare with, no image is reported', async t => {
  const node = await start(t, { '': lists(busybox), docker: lists([]) }, ['docker']);
  t.equal(of(node, ''), undefined);
  t.equal(of(node, 'docker'), undefined);
});
