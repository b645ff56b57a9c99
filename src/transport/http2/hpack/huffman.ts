/**
 * Code lengths in bits of the octets 0 to 255 (RFC 7541 appendix B). The code is canonical: codes of one length are consecutive in
 * the order of the octets, so the lengths are the whole table. The end-of-string symbol, 30 ones, is the last code.
 */
// biome-ignore format: a table of 16 by 16
const codeLengths = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28,
  28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
  6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6,
  5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
  13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
  7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
  15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5,
  6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
  20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,
  24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
  22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23,
  21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
  26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,
  19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
  20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,
  26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
];
const maxLength = 30;

/** The octets in the order of their codes, and for each length its first code and the index of its first octet. */
const byCode: number[] = [];
const firstCode: number[] = [];
const firstAt: number[] = [];
const count: number[] = [];
for (let length = 0, code = 0; length <= maxLength; length++) {
  const octets = codeLengths.flatMap((bits, octet) => (bits === length ? [octet] : []));
  firstCode[length] = code;
  firstAt[length] = byCode.length;
  count[length] = octets.length;
  byCode.push(...octets);
  code = (code + octets.length) << 1;
}

/** For each value of eight bits: `length << 8 | octet` of the code of at most eight bits at its beginning; 0 for a longer code. */
const short = new Uint16Array(256);
for (let length = 5; length <= 8; length++) {
  for (let i = 0; i < count[length]!; i++) {
    const from = (firstCode[length]! + i) << (8 - length);
    short.fill((length << 8) | byCode[firstAt[length]! + i]!, from, from + (1 << (8 - length)));
  }
}

let scratch = Buffer.allocUnsafeSlow(1024);

/** Decodes the Huffman string in [start, end); undefined if it is malformed (RFC 7541 section 5.2). Octets become latin1. */
export function decodeHuffman(from: Buffer, start: number, end: number): string | undefined {
  const bits = (end - start) * 8;
  if (scratch.length < bits / 5) scratch = Buffer.allocUnsafeSlow(bits);
  let out = 0;
  let at = 0;
  while (at < bits) {
    const octet = start + (at >>> 3);
    // Ones follow the end: the remaining bits are a code or the padding, which is a prefix of the end-of-string symbol.
    const next = octet + 1 < end ? from[octet + 1]! : 0xff;
    const eight = (((from[octet]! << 8) | next) >>> (8 - (at & 7))) & 0xff;
    const found = short[eight]!;
    if (found !== 0 && found >>> 8 <= bits - at) {
      scratch[out++] = found;
      at += found >>> 8;
      continue;
    }
    const long = found === 0 ? decodeLong(from, start, at, bits) : -1;
    if (long < 0) return bits - at < 8 && isOnes(eight, bits - at) ? text(out) : undefined;
    scratch[out++] = long;
    at += codeLengths[long]!;
  }
  return text(out);
}

function text(length: number): string {
  return scratch.toString('latin1', 0, length);
}

function isOnes(eight: number, length: number): boolean {
  return eight >>> (8 - length) === (1 << length) - 1;
}

/** The octet whose code of more than eight bits begins at bit `at`; -1 if no code ends before `bits`. */
function decodeLong(from: Buffer, start: number, at: number, bits: number): number {
  let code = 0;
  const limit = Math.min(maxLength, bits - at);
  for (let length = 1; length <= limit; length++) {
    const bit = at + length - 1;
    code = (code << 1) | ((from[start + (bit >>> 3)]! >>> (7 - (bit & 7))) & 1);
    const index = code - firstCode[length]!;
    if (index >= 0 && index < count[length]!) return byCode[firstAt[length]! + index]!;
  }
  return -1;
}
