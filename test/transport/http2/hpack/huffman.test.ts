import t from 'tap';
import { decodeHuffman } from '../../../../src/transport/http2/hpack/huffman.ts';
import { Random } from '../../support/random.ts';

const decode = (hex: string) => {
  const octets = Buffer.from(hex, 'hex');
  return decodeHuffman(octets, 0, octets.length);
};

/** RFC 7541 appendices C.4 and C.6. */
const strings: ReadonlyArray<readonly [hex: string, text: string]> = [
  ['', ''],
  ['f1e3c2e5f23a6ba0ab90f4ff', 'www.example.com'],
  ['a8eb10649cbf', 'no-cache'],
  ['25a849e95ba97d7f', 'custom-key'],
  ['25a849e95bb8e8b4bf', 'custom-value'],
  ['6402', '302'],
  ['aec3771a4b', 'private'],
  ['d07abe941054d444a8200595040b8166e082a62d1bff', 'Mon, 21 Oct 2013 20:13:21 GMT'],
  ['9d29ad171863c78f0b97c8e9ae82ae43d3', 'https://www.example.com'],
  ['9bd9ab', 'gzip'],
];
for (const [hex, text] of strings) t.equal(decode(hex), text, `${hex} is ${JSON.stringify(text)}`);

/** Codes of RFC 7541 appendix B, one of each length. */
const codes: ReadonlyArray<readonly [octet: number, bits: string]> = [
  [48, '00000'],
  [32, '010100'],
  [58, '1011100'],
  [38, '11111000'],
  [33, '1111111000'],
  [39, '11111111010'],
  [35, '111111111010'],
  [0, '1111111111000'],
  [94, '11111111111100'],
  [60, '111111111111100'],
  [92, '1111111111111110000'],
  [128, '11111111111111100110'],
  [153, '111111111111111011100'],
  [129, '1111111111111111010010'],
  [1, '11111111111111111011000'],
  [9, '111111111111111111101010'],
  [199, '1111111111111111111101100'],
  [192, '11111111111111111111100000'],
  [203, '111111111111111111111011110'],
  [2, '1111111111111111111111100010'],
  [10, '111111111111111111111111111100'],
];
for (const [octet, bits] of codes) {
  const padded = bits.padEnd(Math.ceil(bits.length / 8) * 8, '1');
  const hex = padded
    .match(/.{8}/g)!
    .map(byte => Number.parseInt(byte, 2).toString(16).padStart(2, '0'))
    .join('');
  t.equal(decode(hex), String.fromCharCode(octet), `octet ${octet} is ${bits}`);
}

const malformed = ['ff', '1fff', '1fffff', '00', 'ffffffff', 'fffffffc', 'ff9fffffff', '52bc30ffffffff'];
for (const hex of malformed) t.equal(decode(hex), undefined, `${hex} is malformed`);

t.test('100,000 strings of random octets decode or are refused, with seed 3', async t => {
  const random = new Random(3);
  let decoded = 0;
  for (let i = 0; i < 100_000; i++) {
    const octets = random.octets(random.below(12));
    if (decodeHuffman(octets, 0, octets.length) !== undefined) decoded++;
  }
  t.ok(decoded > 5000 && decoded < 95_000, `${decoded} of them decode`);
});
