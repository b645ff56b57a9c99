import { test } from 'tap';
import { type Package, packages, translation } from '../../../src/cri/translate/packages.ts';
import { rewriter } from '../../../src/cri/translate/rewrite.ts';
import { criTypes } from '../../support/cri-types.ts';
import { methods } from '../../support/facts.ts';
import { fixed32, fixed64, hex, len, message, tag, varint } from '../../wire/bytes.ts';
import { seeded } from '../../wire/seeded.ts';
import { randomMessage } from '../random-message.ts';
import { translated, withoutBinary } from './translated.ts';

const newer = ['runtime.v1', 'runtime.v1alpha2'] as const;

/** NamespaceMode to the bool of `runtime`, or the reverse. */
const modes: ReadonlyArray<readonly [from: 'newer' | 'runtime', before: Buffer, after: Buffer, what: string]> = [
  ['newer', varint(1, 0), varint(1, 0), 'POD is false'],
  ['newer', varint(1, 1), varint(1, 0), 'CONTAINER is false'],
  ['newer', varint(1, 2), varint(1, 1), 'NODE is true'],
  ['newer', varint(1, 3), varint(1, 0), 'TARGET is false'],
  ['newer', varint(1, 4), varint(1, 0), 'an unknown mode is false'],
  ['newer', varint(1, 130), varint(1, 0), 'an unknown mode that ends like NODE is false'],
  ['newer', hex('08 8280 00'), varint(1, 1), 'an overlong NODE is true'],
  ['newer', hex('08 feffffffffffffffff01'), varint(1, 0), 'a negative mode is false'],
  ['runtime', varint(1, 0), varint(1, 0), 'false is POD'],
  ['runtime', varint(1, 1), varint(1, 2), 'true is NODE'],
  ['runtime', varint(1, 2), varint(1, 2), 'any other number is true as well, and NODE'],
  ['runtime', hex('08 80808080808080808001'), varint(1, 2), 'the highest bit alone is true, and NODE'],
  ['runtime', hex('08 8000'), varint(1, 0), 'an overlong false is POD'],
];

for (const [from, before, after, what] of modes) {
  for (const other of newer) {
    const pair: [Package, Package] = from === 'newer' ? [other, 'runtime'] : ['runtime', other];
    test(`NamespaceOption from ${pair.join(' to ')}: ${what}`, async t => {
      const rewrite = rewriter('NamespaceOption', translation(...pair));
      for (const field of [1, 2, 3]) {
        const [given, wanted] = [before, after].map(bytes => message(tag(field, 0), bytes.subarray(1)));
        t.equal(rewrite(given!).toString('hex'), wanted!.toString('hex'), `field ${field}`);
      }
    });
  }
}

const other = [fixed64(1), fixed32(2), len(3, 'x'), len(4, 'target'), len(5, varint(1, 2)), varint(6, 2)];

test('all else in a NamespaceOption stays as it is', async t => {
  const bytes = message(...other);
  for (const [from, to] of [...newer.map(each => [each, 'runtime']), ...newer.map(each => ['runtime', each])]) {
    const rewrite = rewriter('NamespaceOption', translation(from as Package, to as Package));
    t.equal(rewrite(bytes), bytes, `${from} to ${to}: wrong wire types, target_id, userns_options, unknown fields`);
  }
});

test('a mode that is not of a NamespaceOption stays as it is', async t => {
  const windows = len(9, len(1, len(4, varint(1, 2))));
  const rewrite = rewriter('PodSandboxConfig', translation('runtime.v1', 'runtime'));
  t.equal(rewrite(windows), windows, 'WindowsNamespaceOption, which runtime has not');
});

test('FilesystemUsage.fs_id, and storage_id, are dropped', async t => {
  const mountpoint = len(2, len(1, '/var/lib'));
  const usage = (...id: readonly Buffer[]) => message(varint(1, 5), ...id, len(3, varint(1, 9)), len(4, varint(1, 7)));
  for (const each of newer) {
    const rows = [
      [each, 'runtime'],
      ['runtime', each],
    ] as const;
    for (const [from, to] of rows) {
      const info = rewriter('ImageFsInfoResponse', translation(from, to));
      const stats = rewriter('ListContainerStatsResponse', translation(from, to));
      const before = usage(mountpoint, mountpoint);
      t.ok(info(len(1, before)).equals(len(1, usage())), `${from} to ${to}: ImageFsInfo`);
      t.ok(stats(len(1, len(4, before))).equals(len(1, len(4, usage()))), `${from} to ${to}: writable_layer`);
      const number = len(1, varint(2, 5));
      t.equal(info(number), number, `${from} to ${to}: not of another wire type`);
    }
  }
});

test('WindowsFilesystemUsage, which runtime has not, stays as it is', async t => {
  const usage = len(1, varint(1, 5), len(2, len(1, 'C:')));
  const rewrite = rewriter('WindowsContainerStats', translation('runtime.v1', 'runtime'));
  const stats = message(len(4, usage));
  t.equal(rewrite(stats), stats);
});

const alike: ReadonlyArray<readonly [Package, Package]> = [
  ['runtime.v1', 'runtime.v1alpha2'],
  ['runtime.v1alpha2', 'runtime.v1'],
  ...packages.map(each => [each, each] as const),
];

for (const [from, to] of alike) {
  test(`messages from ${from} to ${to} are not even read`, async t => {
    const bytes = Buffer.from([0xff]);
    for (const { request, response } of methods) {
      t.equal(rewriter(request, translation(from, to))(bytes), bytes, request);
      t.equal(rewriter(response, translation(from, to))(bytes), bytes, response);
    }
  });
}

const SEED = 1_009;
const ROUNDS = 150;

for (const from of packages) {
  for (const to of packages.filter(each => each !== from)) {
    test(`${ROUNDS} random messages from ${from} to ${to}, as protobufjs reads them (seed ${SEED})`, async t => {
      const random = seeded(SEED);
      const both = methods.filter(method => method.packages.includes(from) && method.packages.includes(to));
      for (let round = 0; round < ROUNDS; round++) {
        const { request, response } = random.pick(both);
        for (const name of [request, response]) {
          const value = withoutBinary(randomMessage(from, name, random));
          const bytes = rewriter(name, translation(from, to))(criTypes(from).encode(name, value));
          t.strictSame(criTypes(to).decode(name, bytes), translated(from, to, name, value), `round ${round}: ${name}`);
        }
      }
    });
  }
}
