import { test } from 'tap';
import { WireType } from '../../src/wire/records.ts';
import { type Shape, splice } from '../../src/wire/splice.ts';

const hex = (text: string) => Buffer.from(text.replace(/ /g, ''), 'hex');
const leaf = { kind: 'leaf', type: WireType.Len };
const item: Shape = { fields: [undefined, leaf], last: { kind: 'last', field: 7, type: WireType.Len } };
const flag: Shape = { fields: [], last: { kind: 'last', field: 8, type: WireType.Varint } };
const list: Shape = { fields: [undefined, item] };

/** `edit`: the bytes that replace each leaf, and the bytes added at the end of each item; undefined for none. */
const rows: ReadonlyArray<
  readonly [
    what: string,
    shape: Shape,
    before: string,
    leaf: string | undefined,
    last: string | undefined,
    after: string,
  ]
> = [
  ['an empty message', item, '', undefined, '41', '3a 01 41'],
  ['a message with the field', item, '3a 01 42', undefined, '41', '3a 01 42 3a 01 41'],
  ['an item of a list', list, '0a 03 0a 01 61', undefined, '41', '0a 06 0a 01 61 3a 01 41'],
  ['an empty item', list, '0a 00', undefined, '41', '0a 03 3a 01 41'],
  ['each of two items', list, '0a 00 0a 00', undefined, '41', '0a 03 3a 01 41 0a 03 3a 01 41'],
  ['a changed leaf too', list, '0a 03 0a 01 61', '62 62', '41', '0a 07 0a 02 62 62 3a 01 41'],
  ['what is behind the item', list, '0a 00 10 01', undefined, '41', '0a 03 3a 01 41 10 01'],
  ['an empty content', item, '', undefined, '', '3a 00'],
  ['a varint', flag, '40 00', undefined, '01', '40 00 40 01'],
  ['nothing to add', list, '0a 03 0a 01 61', undefined, undefined, '0a 03 0a 01 61'],
];

for (const [what, shape, before, replaced, last, after] of rows) {
  test(`a field added at the end of a message: ${what}`, async t => {
    const message = hex(before);
    const out = splice(message, shape, (kind, _bytes, start, end, edit) => {
      if (kind === 'leaf' && replaced !== undefined) edit.replace(start, end, hex(replaced));
      if (kind === 'last' && last !== undefined) edit.append(hex(last));
    });
    t.equal(out.toString('hex'), hex(after).toString('hex'));
  });
}

test('the end of a message comes after all that is in it, with the bounds of the message', async t => {
  const visits: string[] = [];
  splice(hex('0a 03 0a 01 61 0a 00'), list, (kind, _bytes, start, end) => void visits.push(`${kind} ${start}-${end}`));
  t.strictSame(visits, ['leaf 4-5', 'last 2-5', 'last 7-7']);
});
