import { test } from 'tap';
import { hasImage } from '../../../src/cri/read/image-answers.ts';
import { lastReader, readAnnotation } from '../../../src/cri/read/read.ts';
import type { Kind } from '../../../src/cri/tables/messages.ts';
import { readMapEntry } from '../../../src/wire/fields.ts';
import { fixed64, group, len, message, varint } from '../../wire/bytes.ts';

const values: ReadonlyArray<readonly [what: string, message: string, kind: Kind, bytes: Buffer, value: string]> = [
  ['an id', 'StopPodSandboxRequest', 'pod', len(1, 'p1'), 'p1'],
  ['none in an empty message', 'StopPodSandboxRequest', 'pod', message(), ''],
  ['an empty one', 'StopPodSandboxRequest', 'pod', len(1, ''), ''],
  ['the last of several, as protobuf has it', 'StopPodSandboxRequest', 'pod', message(len(1, 'a'), len(1, 'b')), 'b'],
  ['none of another wire type', 'StopPodSandboxRequest', 'pod', message(varint(1, 5)), ''],
  ['none in a group', 'StopPodSandboxRequest', 'pod', group(1, len(1, 'a')), ''],
  ['one in a submessage', 'ListContainersRequest', 'pod', len(1, len(1, 'c1'), len(3, 'p1')), 'p1'],
  [
    'one in a merged submessage',
    'ListContainersRequest',
    'pod',
    message(len(1, len(3, 'p1')), len(1, len(1, 'c1'))),
    'p1',
  ],
  ['an image name', 'PullImageRequest', 'image', len(1, len(1, 'alt/nginx'), len(18, 'nginx')), 'alt/nginx'],
  ['none of a kind that the message has not', 'VersionRequest', 'pod', len(1, 'v'), ''],
  ['text beyond ASCII', 'StopPodSandboxRequest', 'pod', len(1, 'käse💾'), 'käse💾'],
];

for (const [what, name, kind, bytes, value] of values) {
  test(`lastReader reads ${what}: ${name} ${kind}`, async t => {
    t.equal(lastReader(name, kind)(bytes), value);
  });
}

const annotation = (key: string, value: string) => len(7, len(1, key), len(2, value));

const annotations: ReadonlyArray<readonly [what: string, config: Buffer, value: string | undefined]> = [
  ['none', message(len(2, 'host')), undefined],
  ['another key', annotation('other', 'x'), undefined],
  ['one among others', message(annotation('a', '1'), annotation('key', 'alt'), annotation('b', '2')), 'alt'],
  ['an empty value', annotation('key', ''), ''],
  ['an entry without a value', len(7, len(1, 'key')), ''],
  ['value before key', len(7, len(2, 'alt'), len(1, 'key')), 'alt'],
  ['the last of two', message(annotation('key', 'a'), annotation('key', 'b')), 'b'],
  ['a label of that name', len(6, len(1, 'key'), len(2, 'alt')), undefined],
];

for (const [what, config, value] of annotations) {
  test(`readAnnotation with ${what} gives ${value}`, async t => {
    t.equal(readAnnotation('RunPodSandboxRequest', 'podAnnotation', 'key', len(1, config)), value, 'RunPodSandbox');
    t.equal(readAnnotation('RestorePodRequest', 'podAnnotation', 'key', len(2, config)), value, 'RestorePod');
  });
}

test('readMapEntry skips fields that are not strings', async t => {
  const bytes = message(varint(1, 7), len(1, 'k'), fixed64(2), len(2, 'v'), len(3, 'x'));
  t.strictSame(readMapEntry(bytes, 0, bytes.length), { key: 'k', value: 'v' });
});

const firsts: ReadonlyArray<readonly [what: string, bytes: Buffer, there: boolean]> = [
  ['an empty message', message(), false],
  ['other fields', message(len(2, 'x'), varint(3, 1)), false],
  ['the field', message(len(2, 'x'), len(1, len(1, 'id'))), true],
  ['the field, empty', len(1), true],
];

for (const [what, bytes, there] of firsts) {
  test(`hasImage of ${what} is ${there}`, async t => {
    t.equal(hasImage(bytes), there);
  });
}

test('reading bytes that are no message throws', async t => {
  const broken = Buffer.from([0x0a, 0x05, 0x61]);
  t.throws(() => lastReader('StopPodSandboxRequest', 'pod')(broken), { name: 'WireError' });
  t.throws(() => readAnnotation('RunPodSandboxRequest', 'podAnnotation', 'key', broken), { name: 'WireError' });
  t.throws(() => hasImage(Buffer.from([0x12, 0x05, 0x61])), { name: 'WireError' });
});

test('an annotation among many is found without decoding the others', async t => {
  const entry = (key: string) => len(7, len(1, key), len(2, 'value'));
  const others = Array.from({ length: 100_000 }, (_, at) => entry(`key-${at}`));
  const request = len(1, message(...others, entry('wanted')));
  const cpu = (work: () => void) => {
    const before = process.cpuUsage();
    for (let round = 0; round < 5; round++) work();
    const { user, system } = process.cpuUsage(before);
    return user + system;
  };
  const find = () => readAnnotation('RunPodSandboxRequest', 'podAnnotation', 'wanted', request);
  t.equal(find(), 'value');
  const decode = () => new Map(others.map(bytes => Object.entries(readMapEntry(bytes, 2, bytes.length))[0]!));
  decode();
  const [found, decoded] = [cpu(find), cpu(decode)];
  t.ok(found < decoded, `${found} us of CPU, and ${decoded} us to decode them all`);
});
