/** A length-delimited field of a protobuf message, its number below 16 and its content below 2^28 bytes. */
export function field(number: number, content: string | Buffer): Buffer {
  const octets = Buffer.from(content as string);
  return Buffer.concat([Buffer.from([(number << 3) | 2]), varint(octets.length), octets]);
}

export function number(at: number, value: number): Buffer {
  return Buffer.concat([Buffer.from([at << 3]), varint(value)]);
}

function varint(value: number): Buffer {
  const octets: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) octets.push((rest % 128) | 128);
  return Buffer.from([...octets, rest]);
}

export function entries(at: number, map: Readonly<Record<string, string>>): Buffer {
  return Buffer.concat(
    Object.entries(map).map(([key, value]) => field(at, Buffer.concat([field(1, key), field(2, value)]))),
  );
}
