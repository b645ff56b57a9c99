import t from 'tap';
import { DynamicTable } from '../../../../src/transport/http2/hpack/dynamic-table.ts';
import { HeaderList } from '../../../../src/transport/http2/hpack/header-list.ts';
import { HpackDecoder } from '../../../../src/transport/http2/hpack/hpack-decoder.ts';
import { HpackEncoder, type Representation } from '../../../../src/transport/http2/hpack/hpack-encoder.ts';
import { Random } from '../../support/random.ts';

const unhex = (hex: string) => Buffer.from(hex.replaceAll(/\s/g, ''), 'hex');

function decode(decoder: HpackDecoder, block: Buffer, list = new HeaderList(1 << 20)): string[] | string {
  const fault = decoder.decode(block, 0, block.length, list);
  if (fault !== undefined) return fault;
  return Array.from({ length: list.length / 2 }, (_, i) => `${list.fields[2 * i]}: ${list.fields[2 * i + 1]}`);
}

interface Step {
  readonly block: string;
  readonly fields: readonly string[];
  readonly size: number;
}

const request = [':method: GET', ':scheme: http', ':path: /', ':authority: www.example.com'];
const third = [':method: GET', ':scheme: https', ':path: /index.html', ':authority: www.example.com'];
const redirect = (status: string, second: string) => [
  `:status: ${status}`,
  'cache-control: private',
  `date: Mon, 21 Oct 2013 20:13:${second} GMT`,
  'location: https://www.example.com',
];
const cookie = 'set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1';

/** RFC 7541 appendix C. `limit` is the table size of the appendix, set by an update before the block. */
const vectors: ReadonlyArray<readonly [title: string, limit: number, steps: readonly Step[]]> = [
  [
    'C.2.1 literal with indexing',
    4096,
    [
      {
        block: '400a637573746f6d2d6b65790d637573746f6d2d686561646572',
        fields: ['custom-key: custom-header'],
        size: 55,
      },
    ],
  ],
  [
    'C.2.2 literal without indexing',
    4096,
    [{ block: '040c2f73616d706c652f70617468', fields: [':path: /sample/path'], size: 0 }],
  ],
  [
    'C.2.3 literal never indexed',
    4096,
    [{ block: '100870617373776f726406736563726574', fields: ['password: secret'], size: 0 }],
  ],
  ['C.2.4 indexed', 4096, [{ block: '82', fields: [':method: GET'], size: 0 }]],
  [
    'C.3 requests without Huffman',
    4096,
    [
      { block: '828684410f7777772e6578616d706c652e636f6d', fields: request, size: 57 },
      { block: '828684be58086e6f2d6361636865', fields: [...request, 'cache-control: no-cache'], size: 110 },
      {
        block: '828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565',
        fields: [...third, 'custom-key: custom-value'],
        size: 164,
      },
    ],
  ],
  [
    'C.4 requests with Huffman',
    4096,
    [
      { block: '828684418cf1e3c2e5f23a6ba0ab90f4ff', fields: request, size: 57 },
      { block: '828684be5886a8eb10649cbf', fields: [...request, 'cache-control: no-cache'], size: 110 },
      {
        block: '828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf',
        fields: [...third, 'custom-key: custom-value'],
        size: 164,
      },
    ],
  ],
  [
    'C.5 responses without Huffman, table of 256',
    256,
    [
      {
        block: `4803333032580770726976617465611d4d6f6e2c203231204f637420323031332032303a31333a323120474d54
          6e1768747470733a2f2f7777772e6578616d706c652e636f6d`,
        fields: redirect('302', '21'),
        size: 222,
      },
      { block: '4803333037c1c0bf', fields: redirect('307', '21'), size: 222 },
      {
        block: `88c1611d4d6f6e2c203231204f637420323031332032303a31333a323220474d54c05a04677a69707738666f6f3d41
          53444a4b48514b425a584f5157454f50495541585157454f49553b206d61782d6167653d333630303b2076657273696f6e3d31`,
        fields: [...redirect('200', '22'), 'content-encoding: gzip', cookie],
        size: 215,
      },
    ],
  ],
  [
    'C.6 responses with Huffman, table of 256',
    256,
    [
      {
        block: `488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8e9ae82
          ae43d3`,
        fields: redirect('302', '21'),
        size: 222,
      },
      { block: '4883640effc1c0bf', fields: redirect('307', '21'), size: 222 },
      {
        block: `88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335dfdfcd5b3960
          d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007`,
        fields: [...redirect('200', '22'), 'content-encoding: gzip', cookie],
        size: 215,
      },
    ],
  ],
];

for (const [title, limit, steps] of vectors) {
  t.test(title, async t => {
    const decoder = new HpackDecoder(1 << 20);
    decode(decoder, Buffer.from([0x3f, ...integer(limit - 31)]));
    for (const { block, fields, size } of steps) {
      t.same(decode(decoder, unhex(block)), fields);
      t.equal(decoder.tableSize, size);
    }
  });
}

function integer(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...integer(value >>> 7)];
}

const malformed: ReadonlyArray<readonly [title: string, block: string, fault: string]> = [
  ['index 0', '80', 'index 0'],
  ['an index after the static table, nothing dynamic', 'be', 'index 62'],
  ['an index far out', 'ffffff03', 'index 65662'],
  ['a name index that does not exist', '7f0001', 'index 63'],
  ['an integer without an end', 'ff', 'an integer without an end'],
  ['an integer that goes on', 'ff808080', 'an integer without an end'],
  ['an integer above 28 bits', 'ffffffffff7f', 'an integer too large'],
  ['an integer of zeros without end', 'ff8080808080808080808000', 'an integer too large'],
  ['no value', '4001', 'a string of 1 bytes where 0 bytes are left'],
  ['nothing after a name', '400161', 'a string is missing'],
  ['a string longer than its block', '4001610561', 'a string of 5 bytes where 1 bytes are left'],
  ['a string of 2^28', '400161ff80ffff7f61', 'a string of 268435455 bytes where 1 bytes are left'],
  ['Huffman: a byte of padding', '40016182' + '1fff', 'a malformed Huffman string'],
  ['Huffman: the end-of-string symbol', '40016184' + 'ffffffff', 'a malformed Huffman string'],
  ['Huffman: padding of zeros', '40016181' + '00', 'a malformed Huffman string'],
  ['Huffman: padding within a long code', '40016182' + 'fffe', 'a malformed Huffman string'],
  ['a table size above the limit', '3fe21f', 'a table size of 4097'],
  ['a table size update after a field', '8220', 'a table size update after a field'],
];

for (const [title, block, fault] of malformed) {
  t.test(`malformed: ${title}`, async t => {
    t.equal(decode(new HpackDecoder(1 << 20), unhex(block)), fault);
  });
}

t.test('the table sizes that may come before a block', async t => {
  const decoder = new HpackDecoder(1 << 20);
  decode(decoder, unhex('400161016240016301 64'));
  t.equal(decoder.tableSize, 68);
  t.same(decode(decoder, unhex('3f03be')), ['c: d'], '34 bytes hold the newest entry');
  t.equal(decoder.tableSize, 34);
  t.same(decode(decoder, unhex('203fe11f82')), [':method: GET'], '0 and then 4096');
  t.equal(decoder.tableSize, 0);
});

t.test('a list above the limit is cut but keeps the table right', async t => {
  const decoder = new HpackDecoder(1 << 20);
  const list = new HeaderList(2000);
  t.same(decode(decoder, unhex(`4001617f8113${'62'.repeat(2560)} 4001630164`), list), [
    `a: ${'b'.repeat(2000 - 33)}`,
    'c: d',
  ]);
  t.equal(list.truncated, true);
  t.equal(list.size, 2593 + 34);
  t.same(decode(decoder, unhex('be')), ['c: d']);
});

t.test('decoding stops at an HPACK bomb', async t => {
  const decoder = new HpackDecoder(100_000);
  const value = Buffer.alloc(4000, 'x');
  decode(decoder, Buffer.concat([unhex('4001617fa11e'), value]));
  t.equal(decode(decoder, Buffer.alloc(16_000, 0xbe)), 'a header list of more than 100000 bytes');
});

t.test('a field keeps its mark with its entry', async t => {
  const decoder = new HpackDecoder(1 << 20, (name, value) => (name === 'a' ? 1 : value === 'GET' ? 2 : 0));
  const list = new HeaderList(1 << 20);
  const marks = () => [list.marks.slice(0, list.length / 2), list.allMarks];
  decode(decoder, unhex('4001610162'), list);
  t.same(marks(), [[1], 1]);
  list.clear();
  decode(decoder, unhex('83 be 82 00 01 63 01 64'), list);
  t.same(marks(), [[0, 1, 2, 0], 3], 'by its index, and in the static table');
  list.clear();
  decode(decoder, unhex('83'), list);
  t.same(marks(), [[0], 0], 'and no other field');
});

t.test('evicted entries are reported in their order', async t => {
  const gone: string[] = [];
  const table = new DynamicTable((name, value, entry) => gone.push(`${entry} ${name}=${value}`));
  for (let i = 0; i < 3; i++) table.add(`n${i}`, 'v', 0);
  table.resize(40);
  t.same(gone, ['0 n0=v', '1 n1=v']);
  t.equal(table.add('x'.repeat(40), 'v', 0), false, 'an entry that is larger than the table');
  t.same(gone, ['0 n0=v', '1 n1=v', '2 n2=v']);
  t.equal(table.size, 0);
});

/** Fields for the encoder, and the block that it made. */
function encode(encoder: HpackEncoder, fields: readonly string[], as: Representation | 'metadata'): Buffer {
  encoder.begin();
  for (const field of fields) {
    const [name, value] = field.split(': ') as [string, string];
    if (as === 'metadata') encoder.addMetadata(name, value);
    else encoder.add(name, value, as);
  }
  return Buffer.from(encoder.block.subarray(0, encoder.length));
}

t.test('the representations of a field', async t => {
  const encoder = new HpackEncoder();
  const hex = (fields: string[], as: Representation | 'metadata') => encode(encoder, fields, as).toString('hex');
  t.equal(hex([':method: POST'], 'literal'), '83', 'static');
  t.equal(hex(['a: b'], 'literal'), '0001610162', 'literal');
  t.equal(hex(['a: b'], 'secret'), '1001610162', 'never indexed');
  t.equal(hex(['a: b'], 'indexed'), '4001610162', 'with an entry');
  t.equal(hex(['a: b'], 'indexed'), 'be', 'by its entry');
  t.equal(hex(['c: d'], 'metadata'), '0001630164', 'metadata the first time');
  t.equal(hex(['c: d'], 'metadata'), '4001630164', 'metadata the second time');
  t.equal(hex(['c: d', 'a: b'], 'metadata'), 'bebf', 'metadata from then on');
  t.equal(hex(['authorization: x'], 'metadata'), '1f080178', 'a secret');
  t.equal(hex(['authorization: x'], 'metadata'), '1f080178', 'a secret again');
  encoder.setTableSize(0);
  t.equal(hex(['a: b'], 'indexed'), '200001610162', 'the peer wants no table');
  encoder.setTableSize(100);
  encoder.setTableSize(4096);
  t.equal(hex(['a: b'], 'literal'), '3f45' + '3fe11f' + '0001610162', 'a smaller table and the full one again');
});

t.test('10,000 blocks are encoded and decoded without a change, with seed 7', async t => {
  const random = new Random(7);
  const encoder = new HpackEncoder();
  const decoder = new HpackDecoder(1 << 24);
  const names = ['a', 'x-long-name-of-metadata', ':path', 'grpc-status', 'authorization', 'k-bin', 'te'];
  const modes = ['literal', 'indexed', 'secret', 'metadata'] as const;
  const different: string[] = [];
  for (let i = 0; i < 10_000; i++) {
    const fields = Array.from({ length: random.below(12) }, () => {
      const value = random.below(3) === 0 ? random.octets(random.below(300)).toString('latin1') : `v${random.below(9)}`;
      return `${random.pick(names)}: ${value}`;
    }).filter(field => field.split(': ').length === 2);
    if (random.below(500) === 0) encoder.setTableSize(random.pick([0, 40, 100, 1000, 4096, 65536]));
    const block = encode(encoder, fields, random.pick(modes));
    if (JSON.stringify(decode(decoder, block)) !== JSON.stringify(fields)) different.push(`${i}: ${fields}`);
  }
  t.same(different, []);
});
