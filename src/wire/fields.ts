import { Records, WireType } from './records.ts';
import { decodeVarint, encodeVarint, encodeVarint64 } from './varint.ts';

/** The last string or bytes field of this number in a message; empty if there is none. */
export function readString(message: Buffer, field: number): string {
  return readBytes(message, field)?.toString('utf8') ?? '';
}

/** The content of the last LEN field of this number; undefined if there is none. */
export function readBytes(message: Buffer, field: number): Buffer | undefined {
  let found: Buffer | undefined;
  const records = new Records(message);
  while (records.next()) {
    if (records.field === field && records.type === WireType.Len) {
      found = message.subarray(records.valueStart, records.valueEnd);
    }
  }
  return found;
}

/** The contents of all LEN fields of this number. */
export function readAllBytes(message: Buffer, field: number): Buffer[] {
  const found: Buffer[] = [];
  const records = new Records(message);
  while (records.next()) {
    if (records.field === field && records.type === WireType.Len) {
      found.push(message.subarray(records.valueStart, records.valueEnd));
    }
  }
  return found;
}

/** The values of all string fields of this number. */
export function readAllStrings(message: Buffer, field: number): string[] {
  return readAllBytes(message, field).map(bytes => bytes.toString('utf8'));
}

/** The last one-byte varint field of this number, an enum or a flag; 0 if there is none. */
export function readEnum(message: Buffer, field: number): number {
  let value = 0;
  const records = new Records(message);
  while (records.next()) {
    if (records.field === field && records.type === WireType.Varint) value = message[records.valueStart]! & 0x7f;
  }
  return value;
}

/** The last varint field of this number; 0 if there is none. */
export function readVarint(message: Buffer, field: number): bigint {
  let value = 0n;
  const records = new Records(message);
  while (records.next()) {
    if (records.field === field && records.type === WireType.Varint)
      value = decodeVarint(message, records.valueStart, records.valueEnd);
  }
  return value;
}

/** The message with the enum field of this number set. */
export function withEnum(message: Buffer, field: number, value: number): Buffer {
  return Buffer.concat([...otherRecords(message, field), varintField(field, value)]);
}

function* otherRecords(message: Buffer, field: number): Generator<Buffer> {
  const records = new Records(message);
  while (records.next()) if (records.field !== field) yield message.subarray(records.start, records.valueEnd);
}

/** A LEN record. */
export function lenField(field: number, content: Buffer | string): Buffer {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  return Buffer.concat([encodeVarint(field * 8 + WireType.Len), encodeVarint(bytes.length), bytes]);
}

/** A varint record of a whole number from 0 to 2^53-1. */
export function varintField(field: number, value: number): Buffer {
  return Buffer.concat([encodeVarint(field * 8 + WireType.Varint), encodeVarint(value)]);
}

/** A varint record of up to 64 bits. */
export function varint64Field(field: number, value: bigint): Buffer {
  return Buffer.concat([encodeVarint(field * 8 + WireType.Varint), encodeVarint64(value)]);
}

/** An entry of a map<string,string>: a message of key (1) and value (2), either left out when empty. */
export function readMapEntry(bytes: Buffer, start: number, end: number): { key: string; value: string } {
  const entry = { key: '', value: '' };
  const records = new Records(bytes, start, end);
  while (records.next()) {
    if (records.type !== WireType.Len) continue;
    const text = bytes.toString('utf8', records.valueStart, records.valueEnd);
    if (records.field === 1) entry.key = text;
    if (records.field === 2) entry.value = text;
  }
  return entry;
}

/** The entries of a map<string,string>. */
export function readMap(message: Buffer, field: number): Map<string, string> {
  return new Map(
    readAllBytes(message, field).map(bytes => {
      const { key, value } = readMapEntry(bytes, 0, bytes.length);
      return [key, value];
    }),
  );
}
