import { test } from 'tap';
import { rewriter } from '../../../src/cri/translate/rewrite.ts';
import { len, message, varint } from '../../wire/bytes.ts';

const prefix = Buffer.from('alt__');
const insert = (
  _bytes: Buffer,
  start: number,
  _end: number,
  edit: { replace(a: number, b: number, c: Buffer): void },
) => edit.replace(start, start, prefix);

test('a rewriter edits the kinds that it is given, and no others', async t => {
  const container = message(len(1, 'c1'), len(2, 'p1'), len(4, len(1, 'img')), len(5, 'ref'));
  const rewritePods = rewriter('ListContainersResponse', { pod: insert });
  t.equal(
    rewritePods(len(1, container)).toString('latin1'),
    len(1, len(1, 'c1'), len(2, 'alt__p1'), len(4, len(1, 'img')), len(5, 'ref')).toString('latin1'),
  );
});

test('a rewriter of a message that can hold none of the kinds does not read it', async t => {
  const broken = Buffer.from([0xff]);
  t.equal(rewriter('VersionResponse', { pod: insert, image: insert })(broken), broken);
  t.equal(rewriter('ListContainersResponse', {})(broken), broken, 'nor one without kinds');
  t.equal(rewriter('ExecSyncResponse', { pod: insert })(broken), broken);
});

test('a rewriter without anything to change gives the same Buffer', async t => {
  const bytes = message(len(7, 'unknown'), varint(1, 1));
  t.equal(rewriter('PodSandboxStatusResponse', { pod: insert })(bytes), bytes);
});

test('a rewriter throws for bytes that are no message', async t => {
  const rewrite = rewriter('StopPodSandboxRequest', { pod: insert });
  t.throws(() => rewrite(Buffer.from([0x0a, 0x05, 0x61])), { name: 'WireError' });
});

test('every entry of a repeated leaf is edited', async t => {
  const rewrite = rewriter('CheckpointPodRequest', { container: insert });
  const before = message(len(1, 'p1'), len(3, 'c1'), len(3, 'c2'), len(3, ''));
  const after = message(len(1, 'p1'), len(3, 'alt__c1'), len(3, 'alt__c2'), len(3, 'alt__'));
  t.equal(rewrite(before).toString('latin1'), after.toString('latin1'));
});

test('field 4 of a ContainerEventResponse is a PodSandboxStatus, but for Kubernetes 1.25', async t => {
  const rewrite = rewriter('ContainerEventResponse', { pod: insert, container: insert });
  // PodSandboxStatus: id, metadata, state, created_at. PodSandboxMetadata: name, uid, namespace, attempt.
  const rows: ReadonlyArray<readonly [what: string, before: Buffer, after: Buffer]> = [
    [
      'a status',
      message(len(1, 'p'), len(2, len(1, 'web')), varint(3, 1)),
      message(len(1, 'alt__p'), len(2, len(1, 'web')), varint(3, 1)),
    ],
    ['a status of a ready pod', message(len(1, 'p'), varint(4, 9)), message(len(1, 'alt__p'), varint(4, 9))],
    ['a status of an id alone', len(1, 'p'), len(1, 'alt__p')],
    [
      'metadata',
      message(len(1, 'web'), len(2, 'uid'), len(3, 'default'), varint(4, 1)),
      message(len(1, 'web'), len(2, 'uid'), len(3, 'default'), varint(4, 1)),
    ],
  ];
  for (const [what, before, after] of rows) {
    t.equal(
      rewrite(message(len(1, 'c'), len(4, before))).toString('latin1'),
      message(len(1, 'alt__c'), len(4, after)).toString('latin1'),
      what,
    );
  }
});
