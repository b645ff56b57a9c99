import { type Test, test } from 'tap';
import { Code } from '../../../src/base/codes.ts';
import { Snapshot } from '../../../src/routing/state/snapshot.ts';
import { criTypes, type Message } from '../../support/cri-types.ts';
import { decodeSnapshot, encodeSnapshot } from '../../support/snapshot-contents.ts';
import { fakeRuntime, Source } from '../fakes.ts';
import { startLab } from '../lab.ts';
import { type Answer, failure, type Node, startNode } from '../node-lab.ts';

const ID = `sha256:${'1'.repeat(64)}`;
const other = { id: `sha256:${'2'.repeat(64)}`, repo_tags: ['two:1'] };

/** One image that was pulled for each of these handlers; an empty one is that of a runtime that does not tell. */
const pulledFor = (...handlers: readonly string[]): Message[] =>
  handlers.map(runtime_handler => ({ id: ID, repo_tags: ['one:1'], spec: { image: 'one:1', runtime_handler } }));

/** A node whose runtime `alt` has these images; each removal is of the image for the handler that it names. */
async function nodeWith(t: Test, images: readonly Message[], more: Record<string, Answer> = {}): Promise<Node> {
  let left = [...images];
  const answers: Record<string, Answer> = {
    ListImages: () => ({ images: left }),
    RemoveImage({ image }) {
      left = left.filter(({ spec }) => spec?.runtime_handler !== image.runtime_handler);
      return {};
    },
    ...more,
  };
  const node = startNode(['', 'alt'], { answers: { '': { ListImages: () => ({ images: [] }) }, alt: answers } });
  t.teardown(() => node.stop());
  for (const list of ['ListPodSandbox', 'ListContainers', 'ListImages']) await node.call(list);
  return node;
}

const handlersIn = (images: readonly Message[]): string[] => images.map(({ spec }) => spec?.runtime_handler ?? '');

async function listed(node: Node): Promise<string[]> {
  return handlersIn((await node.call('ListImages'))['images']);
}

for (const handlers of [
  ['x', 'y'],
  ['', 'x'],
])
  test(`an image for the handlers ${JSON.stringify(handlers)} is two in the list of a runtime that is down`, async t => {
    const node = await nodeWith(t, [...pulledFor(...handlers), other]);
    const before = await listed(node);
    t.strictSame(before, [...handlers, '']);
    node.runtimes['alt']!.goDown();
    t.strictSame(await listed(node), before);
  });

test('they are two on the disk', async t => {
  const node = await nodeWith(t, pulledFor('x', 'y'));
  const { images } = node.state.of(node.runtimes['alt'] as never);
  const back = new Snapshot();
  const snapshot = new Snapshot();
  snapshot.images.set(
    images.list(() => true),
    1000,
  );
  decodeSnapshot(encodeSnapshot(snapshot, 'boot'), 'boot', back);
  t.equal(back.images.size, 2);
});

test('a stream that fails after one of them ends with the other', async t => {
  const types = criTypes('runtime.v1');
  const [first, second] = pulledFor('x', 'y');
  const broken = new Source();
  const whole = types.encode('ListImagesResponse', { images: [first, second] });
  const answers = { ListImages: async () => whole, StreamImages: broken };
  const lab = startLab([fakeRuntime('', { answers: { StreamImages: [] } }), fakeRuntime('alt', { answers })]);
  t.teardown(() => lab.stop());
  await lab.call('ListImages');
  broken.push(types.encode('StreamImagesResponse', { images: [first] }));
  broken.fail(failure(Code.Unavailable, 'gone'));
  const sent: Message[] = [];
  for await (const bytes of lab.stream('StreamImages'))
    sent.push(...types.decode('StreamImagesResponse', bytes)['images']);
  t.strictSame(handlersIn(sent), ['x', 'y']);
});

test('the removal of one leaves the other in the list, also when the runtime does not answer any more', async t => {
  const node = await nodeWith(t, pulledFor('x', 'y'));
  const alt = node.runtimes['alt']!;
  const { RemoveImage } = alt.answers;
  alt.answers['RemoveImage'] = request => {
    const answer = RemoveImage!(request);
    alt.answers['ListImages'] = () => {
      throw failure(Code.Unavailable, 'down');
    };
    return answer;
  };
  await node.call('RemoveImage', { image: { image: ID, runtime_handler: 'x' } });
  t.equal(alt.asked('RemoveImage').length, 1);
  t.strictSame(await listed(node), ['y']);
});

test('the second of them is removed too', async t => {
  const node = await nodeWith(t, pulledFor('x', 'y'));
  for (const runtime_handler of ['x', 'y']) await node.call('RemoveImage', { image: { image: ID, runtime_handler } });
  t.strictSame(
    node.runtimes['alt']!.asked('RemoveImage').map(({ image }) => image.runtime_handler),
    ['x', 'y'],
  );
  t.strictSame(await listed(node), []);
});
