/** The bytes of `value`, a whole number from 0 to 2^53-1, as a base-128 varint (protobuf encoding, "Base 128 Varints"). */
export function encodeVarint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7f) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  bytes.push(rest);
  return Buffer.from(bytes);
}

/** Writes `value` as encodeVarint does, at `at`; gives the offset behind it. */
export function writeVarint(out: Buffer, at: number, value: number): number {
  let to = at;
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 0x80)) out[to++] = (rest % 0x80) | 0x80;
  out[to++] = rest;
  return to;
}

/** How many bytes encodeVarint makes of `value`. */
export function varintLength(value: number): number {
  let length = 1;
  for (let rest = value; rest > 0x7f; rest = Math.floor(rest / 0x80)) length++;
  return length;
}

/** The varint in `bytes[start, end)`, all 64 bits of it; for values that are shown, not for lengths. */
export function decodeVarint(bytes: Buffer, start: number, end: number): bigint {
  let value = 0n;
  for (let at = end - 1; at >= start; at--) value = (value << 7n) | BigInt(bytes[at]! & 0x7f);
  return BigInt.asUintN(64, value);
}

/** As encodeVarint, for values of up to 64 bits. */
export function encodeVarint64(value: bigint): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}
