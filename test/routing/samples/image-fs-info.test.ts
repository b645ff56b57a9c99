import { tmpdir } from 'node:os';
import { test } from 'tap';
import { usedShare } from '../../../src/app/generation/used-share.ts';
import { Code } from '../../../src/base/codes.ts';
import type { Message } from '../../support/cri-types.ts';
import { type Answer, failure, startNode } from '../node-lab.ts';

const filesystem = (mountpoint: string) => ({ fs_id: { mountpoint }, used_bytes: { value: 1 } });
const fsOf =
  (mountpoint: string): Answer =>
  () => ({ image_filesystems: [filesystem(mountpoint)], container_filesystems: [filesystem(`${mountpoint}/rw`)] });
const broken: Answer = () => {
  throw failure(Code.Internal, 'broken');
};
const shares: Record<string, number> = { '/p': 0.5, '/a': 0.9, '/b': 0.7 };

/** The choice, what each runtime answers, and the order that the client sees. */
const rows: ReadonlyArray<
  readonly [choice: 'primary' | 'fullest' | 'all' | undefined, answers: Record<string, Answer>, order: string[]]
> = [
  [undefined, { '': fsOf('/p'), alt: fsOf('/a'), other: fsOf('/b') }, ['/p', '/a', '/b']],
  ['all', { '': fsOf('/p'), alt: fsOf('/a'), other: fsOf('/b') }, ['/p', '/a', '/b']],
  ['primary', { '': fsOf('/p'), alt: fsOf('/a'), other: fsOf('/b') }, ['/p']],
  ['fullest', { '': fsOf('/p'), alt: fsOf('/a'), other: fsOf('/b') }, ['/a', '/b', '/p']],
  ['fullest', { '': fsOf('/p'), alt: broken, other: fsOf('/b') }, ['/b', '/p']],
  ['fullest', { '': fsOf('/a'), alt: fsOf('/unknown'), other: fsOf('/b') }, ['/a', '/b', '/unknown']],
  ['fullest', { '': fsOf('/unknown'), alt: fsOf(''), other: fsOf('/p') }, ['/p', '/unknown', '']],
  ['all', { '': fsOf('/p'), alt: broken, other: fsOf('/b') }, ['/p', '/b']],
];

for (const [choice, answers, order] of rows) {
  test(`-imageFs ${choice ?? 'left out'}: ${order.join(', ')}`, async t => {
    const node = startNode(['', 'alt', 'other'], {
      answers: Object.fromEntries(Object.entries(answers).map(([id, ImageFsInfo]) => [id, { ImageFsInfo }])),
      settings: {
        ...(choice && { imageFs: choice }),
        usedShare: async mountpoint => {
          if (shares[mountpoint] === undefined) throw new Error('ENOENT');
          return shares[mountpoint];
        },
      },
    });
    t.teardown(() => node.stop());
    const answer = await node.call('ImageFsInfo');
    const mountpoints = (list: Message[]) => list.map(each => each['fs_id'].mountpoint);
    t.strictSame(mountpoints(answer['image_filesystems']), order);
    // The kubelet compares the first of both lists, and takes them for split if they differ.
    t.strictSame(mountpoints(answer['container_filesystems']), [`${order[0]}/rw`], 'containers of the first alone');
  });
}

test('the primary says no container filesystems, and a secondary does', async t => {
  const answers = {
    '': { ImageFsInfo: () => ({ image_filesystems: [filesystem('/p')] }) },
    alt: { ImageFsInfo: fsOf('/a') },
  };
  const node = startNode(['', 'alt'], { answers });
  t.teardown(() => node.stop());
  const answer = await node.call('ImageFsInfo');
  t.equal(answer['image_filesystems'].length, 2);
  t.strictSame(answer['container_filesystems'], [], 'none');
});

test('a secondary that answers no more has its last filesystems, so that the first stays the first', async t => {
  const node = startNode(['', 'alt'], {
    answers: { '': { ImageFsInfo: fsOf('/p') }, alt: { ImageFsInfo: fsOf('/a') } },
    settings: { imageFs: 'fullest', usedShare: async mountpoint => shares[mountpoint]! },
  });
  t.teardown(() => node.stop());
  const first = async () => (await node.call('ImageFsInfo'))['image_filesystems'][0].fs_id.mountpoint;
  t.equal(await first(), '/a');
  node.runtimes['alt']!.answers['ImageFsInfo'] = broken;
  t.equal(await first(), '/a');
  node.runtimes['alt']!.goDown();
  t.equal(await first(), '/a');
});

for (const choice of ['primary', 'fullest', 'all'] as const) {
  for (const [what, own, code] of [
    ['fails', { ImageFsInfo: broken }, Code.Internal],
    ['lacks the method', {}, Code.Unimplemented],
  ] as const) {
    test(`-imageFs ${choice}: a primary that ${what} is not stood in for`, async t => {
      const answers = { '': own, alt: { ImageFsInfo: fsOf('/a') } };
      const node = startNode(['', 'alt'], { answers, settings: { imageFs: choice } });
      t.teardown(() => node.stop());
      t.equal((await node.fault('ImageFsInfo')).code, code);
    });
  }
}

test('the used share of a real filesystem', async t => {
  const share = await usedShare(tmpdir());
  t.ok(share >= 0 && share <= 1, String(share));
  await t.rejects(usedShare('/no/such/folder'));
});
