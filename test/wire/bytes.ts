import { encodeVarint } from '../../src/wire/varint.ts';

/** The tag of a record. */
export function tag(field: number, type: number): Buffer {
  return encodeVarint(field * 8 + type);
}

/** A varint record. */
export function varint(field: number, value: number): Buffer {
  return Buffer.concat([tag(field, 0), encodeVarint(value)]);
}

/** A LEN record. */
export function len(field: number, ...content: readonly (Buffer | string)[]): Buffer {
  const bytes = Buffer.concat(content.map(part => Buffer.from(part)));
  return Buffer.concat([tag(field, 2), encodeVarint(bytes.length), bytes]);
}

/** A group. */
export function group(field: number, ...content: readonly Buffer[]): Buffer {
  return Buffer.concat([tag(field, 3), ...content, tag(field, 4)]);
}

/** A 64-bit record, of the double 1.5. */
export function fixed64(field: number): Buffer {
  return Buffer.concat([tag(field, 1), Buffer.from('000000000000f83f', 'hex')]);
}

/** A 32-bit record, of the float 1.5. */
export function fixed32(field: number): Buffer {
  return Buffer.concat([tag(field, 5), Buffer.from('0000c03f', 'hex')]);
}

export function message(...records: readonly Buffer[]): Buffer {
  return Buffer.concat(records);
}

export function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(' ', ''), 'hex');
}
