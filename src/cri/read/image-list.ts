import { lenField, readAllBytes, readAllStrings, readString, varint64Field, varintField } from '../../wire/fields.ts';
import { Records, WireType } from '../../wire/records.ts';
import { decodeVarint } from '../../wire/varint.ts';
import { imageKey } from './filter.ts';
import { itemId } from './listing.ts';

/** Fields of Image that are joined; the other fields come from the first copy. */
const TAGS = 2;
const DIGESTS = 3;
const SIZE = 4;
const PINNED = 8;
const joined: readonly number[] = [TAGS, DIGESTS, SIZE, PINNED];

/**
 * ListImagesResponses as one in which an id that several of them have, for the same runtime handler, is one item: with all tags and
 * digests, the larger size, and pinned if it is anywhere. The kubelet's image GC keeps one item an id, the last, so that a copy that
 * is not pinned would unpin another; with RuntimeClassInImageCriAPI it keeps one an id and handler, and looks for the containers of
 * each (image_gc_manager.go, detectImages). So copies for several handlers stay apart, and each is pinned if one is. Parts without a
 * common id are concatenated. Throws a WireError.
 */
export function mergeImages(parts: readonly Buffer[]): Buffer {
  const shared = sharedIds(parts);
  if (shared.size === 0) return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
  const copies = new Map<string, Buffer[]>();
  const pinned = new Set<string>();
  const records = parts.flatMap(part => [...recordsOf(part)]);
  for (const { id, item } of records) {
    if (item === undefined || !shared.has(id)) continue;
    const key = imageKey(item);
    copies.set(key, [...(copies.get(key) ?? []), item]);
    if (isPinned(item)) pinned.add(id);
  }
  const out: Buffer[] = [];
  for (const { id, item, record } of records) {
    if (item === undefined || !shared.has(id)) {
      out.push(record);
      continue;
    }
    const key = imageKey(item);
    const all = copies.get(key);
    // The joined item is at the place of the first copy.
    copies.delete(key);
    if (all !== undefined) out.push(lenField(1, mergeCopies(all, pinned.has(id))));
  }
  return Buffer.concat(out);
}

interface ListRecord {
  readonly id: string;
  /** Undefined for a record that is no item. */
  readonly item: Buffer | undefined;
  readonly record: Buffer;
}

function* recordsOf(list: Buffer): Generator<ListRecord> {
  const records = new Records(list);
  while (records.next()) {
    const record = list.subarray(records.start, records.valueEnd);
    const isItem = records.field === 1 && records.type === WireType.Len;
    const item = isItem ? list.subarray(records.valueStart, records.valueEnd) : undefined;
    yield { id: item === undefined ? '' : itemId(item), item, record };
  }
}

/** The ids that more than one part has. */
function sharedIds(parts: readonly Buffer[]): Set<string> {
  const shared = new Set<string>();
  if (parts.length < 2) return shared;
  const firstPart = new Map<string, number>();
  for (const [index, part] of parts.entries()) {
    for (const { id, item } of recordsOf(part)) {
      if (item === undefined) continue;
      if ((firstPart.get(id) ?? index) !== index) shared.add(id);
      else firstPart.set(id, index);
    }
  }
  return shared;
}

function mergeCopies(copies: readonly Buffer[], pinned: boolean): Buffer {
  let size = 0n;
  for (const copy of copies) if (readNumber(copy, SIZE) > size) size = readNumber(copy, SIZE);
  return Buffer.concat([
    ...recordsBut(copies[0]!, joined),
    ...union(copies, TAGS),
    ...union(copies, DIGESTS),
    ...(size === 0n ? [] : [varint64Field(SIZE, size)]),
    ...(pinned ? [varintField(PINNED, 1)] : []),
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

/** The names of an Image: its id, tags and digests. */
export function imageNames(image: Buffer): string[] {
  return [readString(image, 1), ...tagsOf(image), ...digestsOf(image)];
}

/** Image.repo_tags. */
export function tagsOf(image: Buffer): string[] {
  return readAllStrings(image, TAGS);
}

/** Image.repo_digests. */
export function digestsOf(image: Buffer): string[] {
  return readAllStrings(image, DIGESTS);
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
