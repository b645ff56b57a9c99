import { Records, WireType } from '../../wire/records.ts';
import { encodeVarint, encodeVarint64 } from '../../wire/varint.ts';
import { WireError } from '../../wire/wire-error.ts';

/**
 * The items of a list's answer by their ids, as the bytes of each item without tag and length. ListPodSandboxResponse,
 * ListContainersResponse, ListImagesResponse and the messages of their streams all are one repeated field, 1, of items whose
 * id is their field 1. Throws a WireError.
 */
export function itemsById(list: Buffer): Map<string, Buffer> {
  const items = new Map<string, Buffer>();
  const records = new Records(list);
  while (records.next()) {
    if (records.field !== 1 || records.type !== WireType.Len) continue;
    const item = list.subarray(records.valueStart, records.valueEnd);
    items.set(itemId(item), item);
  }
  return items;
}

/** How many items a list's answer has. Throws a WireError. */
export function countItems(list: Buffer): number {
  const records = new Records(list);
  let count = 0;
  while (records.next()) if (records.field === 1 && records.type === WireType.Len) count++;
  return count;
}

/** The id of an item of a list, or of a PodSandboxStatus or a ContainerStatus. */
export function itemId(item: Buffer): string {
  return readString(item, 1);
}

/**
 * Throws a WireError unless the answer is a list whose items are messages with an id. Any other answer must not reach a client,
 * which would take the items that it cannot read for gone.
 */
export function checkList(list: Buffer): void {
  const records = new Records(list);
  const item = new Records(list);
  while (records.next()) {
    if (records.field !== 1 || records.type !== WireType.Len) continue;
    item.reset(list, records.valueStart, records.valueEnd);
    let hasId = false;
    while (item.next()) hasId ||= item.field === 1 && item.type === WireType.Len && item.valueEnd > item.valueStart;
    if (!hasId) throw new WireError('list item without an id', records.start);
  }
}

/** Throws a WireError unless the answer is a message whose fields 1 are messages, if they are not numbers. */
export function checkItems(answer: Buffer): void {
  const records = new Records(answer);
  const item = new Records(answer);
  while (records.next()) {
    if (records.field !== 1 || records.type !== WireType.Len) continue;
    item.reset(answer, records.valueStart, records.valueEnd);
    while (item.next());
  }
}

/** A list's answer with these items. */
export function listOf(items: Iterable<Buffer>): Buffer {
  const parts: Buffer[] = [];
  for (const item of items) parts.push(lenField(1, item));
  return Buffer.concat(parts);
}

/** A request that has the id of a pod or container as its field 1, and nothing else: for its status, or to stop or remove it. */
export function idRequest(id: string): Buffer {
  return lenField(1, id);
}

/** A ListPodSandboxRequest or ListContainersRequest for this id: field 1, the filter, has it as its field 1. */
export function idFilterRequest(id: string): Buffer {
  return lenField(1, lenField(1, id));
}

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

/** The last one-byte varint field of this number, which an enum of CRI is; 0 if there is none. */
export function readEnum(message: Buffer, field: number): number {
  let value = 0;
  const records = new Records(message);
  while (records.next()) {
    if (records.field === field && records.type === WireType.Varint) value = message[records.valueStart]! & 0x7f;
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
