import { Records, WireType } from '../wire/records.ts';
import { decodeVarint } from '../wire/varint.ts';
import { itemId, lenField, readAllBytes, readString, varint64Field, varintField } from './listing.ts';

/** Fields of Image that are joined; all others are those of the first. */
const TAGS = 2;
const DIGESTS = 3;
const SIZE = 4;
const PINNED = 8;
const joined: readonly number[] = [TAGS, DIGESTS, SIZE, PINNED];

/**
 * ListImagesResponses as one in which an id is one item: with all tags and digests, the larger size, and pinned if it is
 * anywhere. The kubelet's image GC keeps one item an id, the last, so that a copy that is not pinned would unpin another
 * (image_gc_manager.go, detectImages). Parts without a common id are concatenated. Throws a WireError.
 */
export function mergeImages(parts: readonly Buffer[]): Buffer {
  if (parts.length === 1) return parts[0]!;
  const byId = new Map<string, Buffer[]>();
  const others: Buffer[] = [];
  let hasCopies = false;
  for (const part of parts) {
    const records = new Records(part);
    while (records.next()) {
      if (records.field !== 1 || records.type !== WireType.Len) {
        others.push(part.subarray(records.start, records.valueEnd));
        continue;
      }
      const item = part.subarray(records.valueStart, records.valueEnd);
      const id = itemId(item);
      const copies = byId.get(id);
      if (copies === undefined) byId.set(id, [item]);
      else hasCopies = copies.push(item) > 0;
    }
  }
  if (!hasCopies) return Buffer.concat(parts);
  const items = [...byId.values()].map(copies => lenField(1, copies.length === 1 ? copies[0]! : mergeCopies(copies)));
  return Buffer.concat([...items, ...others]);
}

function mergeCopies(copies: readonly Buffer[]): Buffer {
  let size = 0n;
  for (const copy of copies) if (readNumber(copy, SIZE) > size) size = readNumber(copy, SIZE);
  return Buffer.concat([
    ...recordsBut(copies[0]!, joined),
    ...union(copies, TAGS),
    ...union(copies, DIGESTS),
    ...(size === 0n ? [] : [varint64Field(SIZE, size)]),
    ...(copies.some(isPinned) ? [varintField(PINNED, 1)] : []),
  ]);
}

function* recordsBut(item: Buffer, fields: readonly number[]): Generator<Buffer> {
  const records = new Records(item);
  while (records.next()) {
    if (!fields.includes(records.field)) yield item.subarray(records.start, records.valueEnd);
  }
}

function union(copies: readonly Buffer[], field: number): Buffer[] {
  const names = new Set(copies.flatMap(copy => readAllBytes(copy, field).map(name => name.toString('latin1'))));
  return [...names].map(name => lenField(field, Buffer.from(name, 'latin1')));
}

function readNumber(item: Buffer, field: number): bigint {
  let value = 0n;
  const records = new Records(item);
  while (records.next()) {
    if (records.field === field && records.type === WireType.Varint) {
      value = decodeVarint(item, records.valueStart, records.valueEnd);
    }
  }
  return value;
}

/** Image.pinned. */
export function isPinned(image: Buffer): boolean {
  return readNumber(image, PINNED) !== 0n;
}

/** What an Image can be called: its id, tags and digests. */
export function imageNames(image: Buffer): string[] {
  const names = [...readAllBytes(image, TAGS), ...readAllBytes(image, DIGESTS)];
  return [readString(image, 1), ...names.map(name => name.toString('utf8'))];
}

/** A list's answer cut between its items into messages of about `size` bytes; none for an empty one. */
export function* cutList(list: Buffer, size: number): Generator<Buffer> {
  let from = 0;
  const records = new Records(list);
  while (records.next()) {
    if (records.valueEnd - from < size) continue;
    yield list.subarray(from, records.valueEnd);
    from = records.valueEnd;
  }
  if (from < list.length) yield list.subarray(from);
}
