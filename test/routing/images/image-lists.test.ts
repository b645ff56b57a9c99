import { test } from 'tap';
import { Code } from '../../../src/base/codes.ts';
import type { Message } from '../../support/cri-types.ts';
import { type Answer, failure, startNode } from '../node-lab.ts';

const TARGET = 'kubernetes.io/target-runtime';
const idOf = (digit: string) => `sha256:${digit.repeat(64)}`;
const imagesOf = (...images: readonly Message[]): Record<string, Answer> => ({
  ListImages: () => ({ images: [...images] }),
  StreamImages: () => images.map(image => ({ images: [image] })),
  ImageFsInfo: () => ({ image_filesystems: [{ fs_id: { mountpoint: '/p' } }] }),
});
const lacking: Answer = () => {
  throw failure(Code.Unimplemented, 'unknown service runtime.v1.ImageService');
};
const noService = Object.fromEntries(
  ['ListImages', 'StreamImages', 'ImageStatus', 'ImageFsInfo', 'PullImage', 'RemoveImage'].map(method => [
    method,
    lacking,
  ]),
);

for (const state of ['up', 'down']) {
  test(`a secondary without the image service, ${state}, has no images`, async t => {
    const node = startNode(['', 'alt'], { answers: { '': imagesOf({ id: idOf('1') }), alt: noService } });
    t.teardown(() => node.stop());
    for (const list of ['ListPodSandbox', 'ListContainers', 'ListImages']) await node.call(list);
    if (state === 'down') node.runtimes['alt']!.goDown();
    t.strictSame(
      (await node.call('ListImages'))['images'].map((image: Message) => image['id']),
      [idOf('1')],
    );
    t.strictSame(
      (await node.stream('StreamImages')).flatMap(({ images }) => images.map((image: Message) => image['id'])),
      [idOf('1')],
    );
    t.equal((await node.call('ImageFsInfo'))['image_filesystems'].length, 1);
  });
}

test('a pod of a secondary without the image service has no image', async t => {
  const node = startNode(['', 'alt'], { answers: { alt: noService } });
  t.teardown(() => node.stop());
  const image = { image: 'web', annotations: { [TARGET]: 'alt' } };
  t.equal((await node.call('ImageStatus', { image }))['image'], null);
  t.match(await node.fault('PullImage', { image }), { code: Code.Unimplemented });
});

test("that the primary lacks the image service is the client's to know", async t => {
  const node = startNode(['', 'alt'], { answers: { '': noService, alt: imagesOf({ id: idOf('1') }) } });
  t.teardown(() => node.stop());
  t.not((await node.fault('ListImages')).code, Code.OK);
});

const one = { id: idOf('1'), repo_tags: ['one:1'] };
const two = { id: idOf('2'), repo_tags: ['two:1'] };
const qemu = { id: idOf('3'), repo_tags: ['three:1'], spec: { runtime_handler: 'qemu' } };
const handlers = [
  { name: 'kata-qemu', runtime: 'alt', handler: 'qemu' },
  { name: 'kata-clh', runtime: 'alt', handler: 'clh' },
];

/** A filter, and the listed ids: while alt is up, from runtimes that filter by nothing, and while alt is down. */
const filters: ReadonlyArray<readonly [filter: Message, live: readonly string[], snapshot: readonly string[]]> = [
  [{ runtime_handler: 'alt' }, ['2', '3'], ['2', '3']],
  [{ runtime_handler: 'kata-qemu' }, ['2', '3'], ['2', '3']],
  [{ runtime_handler: 'kata-clh' }, ['2', '3'], ['2']],
  [{ runtime_handler: 'in no row' }, ['1', '2', '3'], ['1', '2']],
  [{ annotations: { [TARGET]: 'alt' } }, ['2', '3'], ['2', '3']],
  [{ annotations: { [TARGET]: 'nobody' } }, ['1', '2', '3'], ['1', '2', '3']],
  [{ annotations: { other: 'x' } }, ['1', '2', '3'], ['1', '2', '3']],
  [{ runtime_handler: 'other', annotations: { [TARGET]: 'alt' } }, [], []],
  [{ image: 'alt/two:1', runtime_handler: 'alt' }, ['2', '3'], ['2']],
  [{ image: 'alt/two:1', runtime_handler: 'other' }, [], []],
];

for (const [image, live, snapshot] of filters) {
  for (const state of ['up', 'down']) {
    for (const method of ['ListImages', 'StreamImages']) {
      test(`${method} of ${JSON.stringify(image)}, alt ${state}`, async t => {
        const answers = { '': imagesOf(one), alt: imagesOf(two, qemu), other: imagesOf() };
        const node = startNode(['', 'alt', 'other'], { answers, handlers });
        t.teardown(() => node.stop());
        for (const list of ['ListPodSandbox', 'ListContainers', 'ListImages']) await node.call(list);
        if (state === 'down') node.runtimes['alt']!.goDown();
        const request = { filter: { image } };
        const answer =
          method === 'ListImages' ? [await node.call(method, request)] : await node.stream(method, request);
        t.strictSame(
          answer.flatMap(({ images }) => images.map((each: Message) => each['id'])),
          (state === 'up' ? live : snapshot).map(idOf),
        );
      });
    }
  }
}
