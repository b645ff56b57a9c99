import { test } from 'tap';
import { decodeVarint, encodeVarint } from '../../src/wire/varint.ts';
import { hex } from './bytes.ts';

// Protobuf encoding, "Base 128 Varints": 150 is 96 01; the rest follow from the rule.
const rows: ReadonlyArray<readonly [value: number, bytes: string]> = [
  [0, '00'],
  [1, '01'],
  [127, '7f'],
  [128, '8001'],
  [150, '9601'],
  [300, 'ac02'],
  [16_383, 'ff7f'],
  [16_384, '808001'],
  [2 ** 28 - 1, 'ffffff7f'],
  [2 ** 28, '8080808001'],
  [2 ** 31, '8080808008'],
  [2 ** 32 - 1, 'ffffffff0f'],
  [2 ** 32, '8080808010'],
  [2 ** 35, '808080808001'],
  [Number.MAX_SAFE_INTEGER, 'ffffffffffffff0f'],
];

test('encodeVarint', async t => {
  for (const [value, bytes] of rows) t.equal(encodeVarint(value).toString('hex'), bytes, `${value} is ${bytes}`);
});

const decoded: ReadonlyArray<readonly [bytes: string, value: bigint, what: string]> = [
  ...rows.map(([value, bytes]) => [bytes, BigInt(value), 'as encoded'] as const),
  ['8000', 0n, 'overlong'],
  ['ffff8000', 16_383n, 'overlong'],
  ['ffffffffffffffffff01', 2n ** 64n - 1n, 'all 64 bits'],
  ['ffffffffffffffffff7f', 2n ** 64n - 1n, 'bits above 64 are dropped'],
  ['80808080808080808001', 2n ** 63n, 'the highest bit'],
];

test('decodeVarint', async t => {
  for (const [bytes, value, what] of decoded) {
    const inside = Buffer.concat([hex('ff'), hex(bytes), hex('ff')]);
    t.equal(decodeVarint(inside, 1, inside.length - 1), value, `${bytes} is ${value}: ${what}`);
  }
});
