import { test } from 'tap';
import { type Edit, type Shape, splice, type Visit } from '../../src/wire/splice.ts';
import { encodeVarint } from '../../src/wire/varint.ts';
import { fixed32, fixed64, group, hex, len, message, tag, varint } from './bytes.ts';

const LEN = 2;

/** Field 1 is a name, field 2 a number, field 3 a submessage of the same fields, field 4 another level below that. */
const inner: Shape = { fields: [undefined, { kind: 'name', type: LEN }, { kind: 'number', type: 0 }] };
const outer: Shape = { fields: [...inner.fields, inner, { fields: [undefined, undefined, undefined, inner] }] };

const nothing: Visit = () => {};

/** Puts `text` before every name. */
function prepend(text: string): Visit {
  const bytes = Buffer.from(text);
  return (kind, _bytes, start, _end, edit) => {
    if (kind === 'name') edit.replace(start, start, bytes);
  };
}

/** Records between the known ones in the rows below; they must be found there again. */
const unknown = message(
  varint(9, 1),
  fixed64(10),
  group(11, len(1, 'in a group')),
  fixed32(12),
  len(13, hex('ff00fe')),
);

const edits: ReadonlyArray<readonly [what: string, visit: Visit, before: Buffer, after: Buffer]> = [
  ['a name', prepend('x/'), len(1, 'a'), len(1, 'x/a')],
  ['an empty name', prepend('x/'), len(1), len(1, 'x/')],
  ['every occurrence', prepend('x'), message(len(1, 'a'), len(1, 'b')), message(len(1, 'xa'), len(1, 'xb'))],
  ['a name two levels down', prepend('x'), len(4, len(3, len(1, 'a'))), len(4, len(3, len(1, 'xa')))],
  [
    'names at several levels',
    prepend('xx'),
    message(len(3, len(1, 'a'), len(1, 'b')), len(1, 'c'), len(4, len(3, len(1, 'd')), len(3, len(1, 'e')))),
    message(len(3, len(1, 'xxa'), len(1, 'xxb')), len(1, 'xxc'), len(4, len(3, len(1, 'xxd')), len(3, len(1, 'xxe')))),
  ],
  [
    'lengths that get one byte longer at every level',
    prepend('x'),
    len(4, len(3, len(1, Buffer.alloc(127, 'a')))),
    len(4, len(3, len(1, `x${'a'.repeat(127)}`))),
  ],
  [
    'lengths that get one byte shorter at every level',
    (_kind, _bytes, start, _end, edit) => edit.replace(start, start + 10, Buffer.alloc(0)),
    len(4, len(3, len(1, Buffer.alloc(130, 'a')))),
    len(4, len(3, len(1, Buffer.alloc(120, 'a')))),
  ],
  [
    'what is unknown stays, in place and in order',
    prepend('x'),
    message(unknown, len(3, unknown, len(1, 'a'), unknown), unknown, len(1, 'b'), unknown),
    message(unknown, len(3, unknown, len(1, 'xa'), unknown), unknown, len(1, 'xb'), unknown),
  ],
  [
    'records of another wire type are unknown',
    prepend('x'),
    message(varint(1, 5), fixed64(1), group(1, len(1, 'a')), len(1, 'b'), varint(3, 1), group(3, len(1, 'c'))),
    message(varint(1, 5), fixed64(1), group(1, len(1, 'a')), len(1, 'xb'), varint(3, 1), group(3, len(1, 'c'))),
  ],
  [
    'an overlong tag stays, an overlong length of a changed record is written anew',
    prepend('x'),
    message(hex('8a00 81808000'), Buffer.from('a'), hex('4a 8100'), Buffer.from('z')),
    message(hex('8a00 02'), Buffer.from('xa'), hex('4a 8100'), Buffer.from('z')),
  ],
  [
    'a number',
    (kind, _bytes, start, end, edit) => kind === 'number' && edit.replace(start, end, encodeVarint(300)),
    message(len(3, varint(2, 1)), varint(2, 70_000)),
    message(len(3, varint(2, 300)), varint(2, 300)),
  ],
  [
    'a record taken out',
    (kind, _bytes, _start, _end, edit) => kind === 'number' && edit.drop(),
    message(varint(2, 1), len(3, varint(9, 1), varint(2, 300), len(1, 'a')), len(3, varint(2, 1))),
    message(len(3, varint(9, 1), len(1, 'a')), len(3)),
  ],
  [
    'several edits of one value',
    (_kind, _bytes, start, end, edit) => {
      edit.replace(start, start, Buffer.from('<'));
      edit.replace(start + 1, start + 2, Buffer.from('--'));
      edit.replace(end, end, Buffer.from('>'));
    },
    len(3, len(1, 'abc')),
    len(3, len(1, '<a--c>')),
  ],
  [
    'an edit that leaves the length as it is',
    (_kind, _bytes, start, end, edit) => edit.replace(start, end, Buffer.from('Z')),
    len(3, hex('0a 8100'), Buffer.from('a')),
    len(3, hex('0a 8100'), Buffer.from('Z')),
  ],
];

for (const [what, visit, before, after] of edits) {
  test(`splices ${what}`, async t => {
    const given = Buffer.from(before);
    t.equal(splice(given, outer, visit).toString('hex'), after.toString('hex'));
    t.ok(given.equals(before), 'the message as it came is left alone');
  });
}

const untouched: ReadonlyArray<readonly [what: string, bytes: Buffer]> = [
  ['nothing', message()],
  ['unknown fields', unknown],
  ['known fields', message(len(1, 'a'), varint(2, 1), len(3, len(1, 'a')), unknown)],
  ['overlong varints', hex('8a00 8100 61 9000 8080 00')],
];

for (const [what, bytes] of untouched) {
  test(`a message of ${what} without an edit comes back as the same Buffer`, async t => {
    t.equal(splice(bytes, outer, nothing), bytes);
  });
}

test('leaves are visited in the order of the wire', async t => {
  const seen: string[] = [];
  const bytes = message(len(3, varint(2, 1), len(1, 'a')), len(1, 'b'), len(4, len(3, len(1, 'c'))), varint(2, 7));
  splice(bytes, outer, (kind, value, start, end) => seen.push(`${kind} ${value.toString('hex', start, end)}`));
  t.strictSame(seen, ['number 01', 'name 61', 'name 62', 'name 63', 'number 07']);
});

test('a submessage that is not accepted is left alone, even if it is malformed', async t => {
  const picky: Shape = {
    fields: [undefined, undefined, undefined, { ...inner, accepts: (bytes, start) => bytes[start] === 0x0a }],
  };
  const other = len(3, varint(2, 1), len(1, 'a'));
  const broken = len(3, hex('ff'));
  t.equal(
    splice(message(other, len(3, len(1, 'a')), broken), picky, prepend('x')).toString('hex'),
    message(other, len(3, len(1, 'xa')), broken).toString('hex'),
  );
});

test('fields outside the shape are not read', async t => {
  const bytes = message(len(7, hex('ff')), len(1, hex('ff')));
  t.equal(splice(bytes, outer, nothing), bytes, 'not a message in an unknown field, and not one in a leaf');
});

const malformed: ReadonlyArray<readonly [what: string, bytes: Buffer, fault: RegExp]> = [
  ['at the top', tag(1, 2), /^truncated length at byte 1$/],
  ['in a submessage', len(3, len(1, 'abc').subarray(0, 3)), /^record longer than its message at byte 2$/],
  ['two levels down', len(4, len(3, hex('0f'))), /^wire type 7 at byte 4$/],
  ['behind an edit', message(len(1, 'a'), hex('00')), /^field number 0 at byte 3$/],
];

for (const [what, bytes, fault] of malformed) {
  test(`bytes that are no message ${what} throw`, async t => {
    t.throws(() => splice(bytes, outer, prepend('x')), { name: 'WireError', message: fault });
  });
}

test('an error of a visit is thrown on', async t => {
  const fault = new Error('not this one');
  const visit = (): never => {
    throw fault;
  };
  t.throws(() => splice(len(3, len(1, 'a')), outer, visit), fault);
});

test('growth is known while editing', async t => {
  const growths: number[] = [];
  const visit = (_kind: string, _bytes: Buffer, start: number, _end: number, edit: Edit) => {
    edit.replace(start, start + 1, Buffer.from('123'));
    growths.push(edit.growth);
  };
  splice(message(len(1, 'a'), len(1, 'b')), outer, visit);
  t.strictSame(growths, [2, 4]);
});
