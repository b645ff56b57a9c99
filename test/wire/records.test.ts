import { test } from 'tap';
import { Records } from '../../src/wire/records.ts';
import { WireError } from '../../src/wire/wire-error.ts';
import { fixed32, fixed64, group, hex, len, message, tag, varint } from './bytes.ts';

type Row = readonly [field: number, type: number, start: number, valueStart: number, valueEnd: number];

function readAll(bytes: Buffer, from?: number, end?: number): Row[] {
  const rows: Row[] = [];
  const records = new Records(bytes, from, end);
  while (records.next()) {
    rows.push([records.field, records.type, records.start, records.valueStart, records.valueEnd]);
  }
  return rows;
}

const groupsDeep = (depth: number): Buffer =>
  Buffer.concat([...Array(depth).fill(tag(1, 3)), ...Array(depth).fill(tag(1, 4))]);

const valid: ReadonlyArray<readonly [what: string, bytes: Buffer, rows: readonly Row[]]> = [
  ['nothing', message(), []],
  ['a varint', varint(1, 150), [[1, 0, 0, 1, 3]]],
  ['an overlong varint value', hex('08 80 80 00'), [[1, 0, 0, 1, 4]]],
  ['a varint of 10 bytes', hex('08 ffffffffffffffffff01'), [[1, 0, 0, 1, 11]]],
  ['a 64-bit value', fixed64(3), [[3, 1, 0, 1, 9]]],
  ['a 32-bit value', fixed32(3), [[3, 5, 0, 1, 5]]],
  ['an empty LEN', len(2), [[2, 2, 0, 2, 2]]],
  ['a LEN', len(2, 'abc'), [[2, 2, 0, 2, 5]]],
  ['a LEN with a length of two bytes', len(2, Buffer.alloc(200)), [[2, 2, 0, 3, 203]]],
  ['a LEN with an overlong length', hex('12 8300 616263'), [[2, 2, 0, 3, 6]]],
  ['an overlong tag', hex('8800 01'), [[1, 0, 0, 2, 3]]],
  ['the highest field number, 2^29-1', varint(2 ** 29 - 1, 1), [[2 ** 29 - 1, 0, 0, 5, 6]]],
  ['an empty group', group(4), [[4, 3, 0, 1, 2]]],
  ['a group with every wire type', group(4, varint(1, 1), fixed64(2), len(3, 'x'), fixed32(5)), [[4, 3, 0, 1, 21]]],
  ['groups in a group', group(4, group(5, group(4)), varint(4, 1)), [[4, 3, 0, 1, 8]]],
  ['100 groups nested', groupsDeep(100), [[1, 3, 0, 1, 200]]],
  [
    'records one after the other',
    message(varint(1, 1), len(2, 'ab'), varint(1, 2), fixed32(7)),
    [
      [1, 0, 0, 1, 2],
      [2, 2, 2, 4, 6],
      [1, 0, 6, 7, 8],
      [7, 5, 8, 9, 13],
    ],
  ],
];

for (const [what, bytes, rows] of valid) {
  test(`reads ${what}`, async t => {
    t.strictSame(readAll(bytes), rows);
    const inside = Buffer.concat([hex('ffff'), bytes, hex('ffff')]);
    const moved = rows.map(([field, type, ...offsets]) => [field, type, ...offsets.map(offset => offset + 2)]);
    t.strictSame(readAll(inside, 2, bytes.length + 2), moved, 'as a part of a buffer');
  });
}

test('lengthStart is where the length of a LEN begins', async t => {
  const records = new Records(message(varint(1, 1), len(2, 'abc')));
  records.next();
  records.next();
  t.strictSame([records.start, records.lengthStart, records.valueStart], [2, 3, 4]);
});

const malformed: ReadonlyArray<readonly [what: string, bytes: Buffer, fault: string]> = [
  ['field number 0', hex('00 01'), 'field number 0 at byte 0'],
  ['field number 0 behind a record', message(varint(1, 1), hex('02 00')), 'field number 0 at byte 2'],
  ['field number 0 in a group', group(1, hex('00 01')), 'field number 0 at byte 1'],
  ['a field number over 29 bits', hex('8080808010 01'), 'field number over 32 bits at byte 0'],
  ['a tag of six bytes', hex('888080808000 01'), 'field number over 32 bits at byte 0'],
  ['a length of 2^32', hex('12 8080808010'), 'length over 32 bits at byte 1'],
  ['a length of 2^35, whose low 32 bits are 0', hex('12 808080808001'), 'length over 32 bits at byte 1'],
  ['a length of 2^64-1', hex('12 ffffffffffffffffff01'), 'length over 32 bits at byte 1'],
  ['a length of 2^32-1', hex('12 ffffffff0f'), 'record longer than its message at byte 0'],
  ['a length one too large', hex('12 04 616263'), 'record longer than its message at byte 0'],
  ['wire type 6', hex('0e 00'), 'wire type 6 at byte 0'],
  ['wire type 7', hex('0f 00'), 'wire type 7 at byte 0'],
  ['the end of a group without a beginning', tag(1, 4), 'end of a group that was not begun at byte 0'],
  ['the end of another group', message(tag(1, 3), tag(2, 4)), 'end of another group at byte 1'],
  ['groups that overlap', message(tag(1, 3), tag(2, 3), tag(1, 4), tag(2, 4)), 'end of another group at byte 2'],
  ['a group without end', message(tag(1, 3), varint(2, 1)), 'group without end at byte 0'],
  ['101 groups nested', groupsDeep(101), 'groups nested too deep at byte 0'],
  ['100,000 groups nested', groupsDeep(100_000), 'groups nested too deep at byte 0'],
  ['a varint of 11 bytes', hex('08 ffffffffffffffffffff01'), 'varint over 10 bytes at byte 1'],
  ['a truncated tag', hex('88'), 'truncated field number at byte 0'],
  ['a tag alone', hex('08'), 'truncated varint at byte 1'],
  ['a truncated varint', hex('08 ff'), 'truncated varint at byte 1'],
  ['a truncated length', hex('12 80'), 'truncated length at byte 1'],
  ['7 of 8 bytes', fixed64(1).subarray(0, 8), 'record longer than its message at byte 0'],
  ['3 of 4 bytes', fixed32(1).subarray(0, 4), 'record longer than its message at byte 0'],
];

for (const [what, bytes, fault] of malformed) {
  test(`refuses ${what}`, async t => {
    t.throws(() => readAll(bytes), new WireError(fault.replace(/ at byte \d+$/, ''), Number(/\d+$/.exec(fault)![0])));
    const inside = Buffer.concat([bytes, Buffer.alloc(16)]);
    t.throws(() => readAll(inside, 0, bytes.length), { name: 'WireError', message: fault }, 'whatever lies behind it');
  });
}

test('a message that ends within a record is refused, wherever it ends', async t => {
  const parts = [varint(1, 300), fixed64(2), len(3, 'hello'), group(4, len(1, 'x'), group(2)), fixed32(5)];
  const whole = Buffer.concat(parts);
  let boundary = 0;
  const boundaries = [0, ...parts.map(part => (boundary += part.length))];
  const cut = Array.from({ length: whole.length + 1 }, (_, length) => length);
  const readable = cut.filter(length => {
    try {
      readAll(whole, 0, length);
      return true;
    } catch (fault) {
      t.type(fault, WireError, `cut at ${length}`);
      return false;
    }
  });
  t.strictSame(readable, boundaries);
});

test('a WireError names the fault and the offset', async t => {
  const error = new WireError('truncated varint', 7);
  t.strictSame([error.name, error.message], ['WireError', 'truncated varint at byte 7']);
  t.ok(error instanceof Error);
});
