import t from 'tap';
import { Mark, markField } from '../../../../src/transport/http2/header-rules.ts';
import { HeaderBlocks } from '../../../../src/transport/http2/hpack/header-blocks.ts';
import { HeaderList } from '../../../../src/transport/http2/hpack/header-list.ts';
import { HpackDecoder } from '../../../../src/transport/http2/hpack/hpack-decoder.ts';
import { HpackEncoder } from '../../../../src/transport/http2/hpack/hpack-encoder.ts';
import { SharedFields } from '../../../../src/transport/http2/hpack/shared-fields.ts';
import { defaultLimits } from '../../../../src/transport/http2/limits.ts';
import { Random } from '../../support/random.ts';

const unhex = (hex: string) => Buffer.from(hex.replaceAll(' ', ''), 'hex');

function textOf(list: HeaderList): string {
  return list.fields.slice(0, list.length).join('|') + ((list.allMarks & Mark.Malformed) === 0 ? '' : ' malformed');
}

function decode(blocks: HeaderBlocks, block: Buffer): string {
  const list = blocks.decode(block, 0, block.length);
  return blocks.fault ?? textOf(list);
}

/** x: 1 and x: 2 with an entry in the dynamic table, and the indices of the newest entry and of the one before. */
const addOne = unhex('40 01 78 01 31');
const addTwo = unhex('40 01 78 01 32');
const newest = unhex('be');
const second = unhex('bf');

t.test('a block that comes again is the same list, with its parsed form', async t => {
  const blocks = new HeaderBlocks(defaultLimits, markField);
  blocks.decode(addOne, 0, addOne.length);
  const list = blocks.decode(newest, 0, 1);
  list.parsed = 'made';
  const again = blocks.decode(Buffer.concat([addTwo, newest]), addTwo.length, addTwo.length + 1);
  t.equal(again, list);
  t.equal(again.parsed, 'made');
});

t.test('a block that adds to the dynamic table is decoded each time', async t => {
  const blocks = new HeaderBlocks(defaultLimits, markField);
  t.equal(decode(blocks, addOne), 'x|1');
  t.equal(decode(blocks, addTwo), 'x|2');
  t.equal(decode(blocks, addOne), 'x|1');
  t.equal(decode(blocks, Buffer.concat([newest, second])), 'x|1|x|2');
});

t.test('the same octets have another meaning after a change of the dynamic table', async t => {
  const blocks = new HeaderBlocks(defaultLimits, markField);
  decode(blocks, addOne);
  t.equal(decode(blocks, newest), 'x|1');
  decode(blocks, addTwo);
  t.equal(decode(blocks, newest), 'x|2');
  t.equal(decode(blocks, second), 'x|1');
  t.equal(decode(blocks, unhex('20')), '', 'the table is made empty');
  t.equal(decode(blocks, newest), 'index 62');
});

t.test('a faulty block has its fault again when it comes again', async t => {
  const blocks = new HeaderBlocks(defaultLimits, markField);
  t.equal(decode(blocks, newest), 'index 62');
  t.equal(decode(blocks, newest), 'index 62');
});

t.test('a malformed field is malformed when it comes again', async t => {
  const blocks = new HeaderBlocks(defaultLimits, markField);
  const upperCase = unhex('00 01 58 01 31');
  t.equal(decode(blocks, upperCase), 'X|1 malformed');
  t.equal(decode(blocks, upperCase), 'X|1 malformed');
});

t.test('20,000 blocks of few fields in a small table are decoded as by a decoder without kept blocks', async t => {
  const random = new Random(11);
  const encoder = new HpackEncoder();
  const blocks = new HeaderBlocks(defaultLimits, markField);
  const plain = new HpackDecoder(defaultLimits.maxDecodedSize, markField);
  const shared = [
    new SharedFields([':path', '/a', 'indexed'], ['te', 'trailers', 'indexed']),
    new SharedFields([':status', '200', 'literal'], ['k', 'v'.repeat(20), 'indexed'], ['l', 'w', 'literal']),
  ];
  const differences: string[] = [];
  let kept = 0;
  for (let i = 0; i < 20_000; i++) {
    if (random.below(200) === 0) encoder.setTableSize(random.pick([0, 100, 200, 4096]));
    encoder.begin();
    const wanted: string[] = [];
    const some = random.below(3);
    if (some < 2) shared[some]!.addTo(encoder);
    if (some === 0) wanted.push(':path', '/a', 'te', 'trailers');
    if (some === 1) wanted.push(':status', '200', 'k', 'v'.repeat(20), 'l', 'w');
    for (let more = random.below(3); more > 0; more--) {
      const [name, value] = [`n${random.below(3)}`, `v${random.below(random.pick([1, 3, 40]))}`];
      encoder.add(name, value, random.pick(['literal', 'indexed', 'secret']));
      wanted.push(name, value);
    }
    const block = Buffer.from(encoder.block.subarray(0, encoder.length));
    const list = blocks.decode(block, 0, block.length);
    if (list.parsed === wanted.join('|')) kept++;
    list.parsed ??= wanted.join('|');
    const expected = new HeaderList(defaultLimits.maxHeaderListSize);
    plain.decode(block, 0, block.length, expected);
    const got = [blocks.fault ?? textOf(list), list.parsed, encoder.size].join(' ');
    const want = [textOf(expected), wanted.join('|'), expected.size].join(' ');
    if (got !== want || textOf(expected) !== wanted.join('|')) differences.push(`${i}: ${got} instead of ${want}`);
  }
  t.strictSame(differences.slice(0, 3), []);
  t.ok(kept > 500, `${kept} lists had been kept`);
});

t.test('shared fields keep their own octets in memory, and nothing around them', async t => {
  const kept: Buffer[] = [];
  class WatchedEncoder extends HpackEncoder {
    override append(octets: Buffer, size: number): void {
      kept.push(octets);
      super.append(octets, size);
    }
  }
  const encoder = new WatchedEncoder();
  const shared = new SharedFields([':path', '/a', 'indexed'], ['te', 'trailers', 'indexed']);
  for (let block = 0; block < 3; block++) {
    encoder.begin();
    shared.addTo(encoder);
  }
  const [octets] = kept;
  t.ok(octets !== undefined, 'they are sent again');
  t.equal(octets!.buffer.byteLength, octets!.length);
});
