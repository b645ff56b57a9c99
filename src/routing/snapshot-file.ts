import type { ListName } from '../cri/filter.ts';
import { checkList, lenField, listOf, readAllBytes, readBytes, readString, varintField } from '../cri/listing.ts';
import { Records, WireType } from '../wire/records.ts';
import { decodeVarint } from '../wire/varint.ts';
import type { Snapshot } from './snapshot.ts';

/**
 * One runtime's snapshot as it is written down. A protobuf message: 1 boot id, 3-5 the lists, each of 1 items, 2 taken at,
 * 6 the runtime handlers that clients asked for, each of 1 pod id, 2 handler, 7 the containers that clients have named with a
 * prefix, each of 1 id, 2 prefix, 8 the images that they have named with the runtime's.
 */
const lists: ReadonlyArray<readonly [field: number, list: ListName]> = [
  [3, 'ListPodSandbox'],
  [4, 'ListContainers'],
  [5, 'ListImages'],
];
const HANDLERS = 6;
const PREFIXED_CONTAINERS = 7;
const PREFIXED_IMAGES = 8;

/** Items in the order of their ids: the same state gives the same bytes, whatever order the runtime lists them in. */
export function encodeSnapshot(snapshot: Snapshot, bootId: string): { content: Buffer; withoutTimes: Buffer } {
  const parts: Buffer[] = [lenField(1, bootId)];
  const timed: Buffer[] = [lenField(1, bootId)];
  for (const [field, list] of lists) {
    const listing = snapshot.of(list);
    if (listing.takenAt === undefined) continue;
    const items = listOf([...listing.index()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, item]) => item));
    parts.push(lenField(field, items));
    timed.push(lenField(field, Buffer.concat([lenField(1, items), varintField(2, Math.round(listing.takenAt))])));
  }
  for (const [pod, handler] of [...snapshot.askedHandlers].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const entry = lenField(HANDLERS, entryOf(pod, handler));
    parts.push(entry);
    timed.push(entry);
  }
  const { containers, images } = snapshot.prefixUse;
  const named = [
    ...[...containers].map(([id, prefix]) => lenField(PREFIXED_CONTAINERS, entryOf(id, prefix))),
    ...[...images].map(id => lenField(PREFIXED_IMAGES, id)),
  ].sort(Buffer.compare);
  parts.push(...named);
  timed.push(...named);
  return { content: Buffer.concat(timed), withoutTimes: Buffer.concat(parts) };
}

/**
 * Puts a written snapshot in place; after another boot nothing of it runs any more. Throws a WireError, and leaves `snapshot`
 * as it was then.
 */
export function decodeSnapshot(content: Buffer, bootId: string, snapshot: Snapshot): void {
  const found = lists.flatMap(([field, list]) => {
    const part = readBytes(content, field);
    if (part === undefined) return [];
    const items = readBytes(part, 1) ?? Buffer.alloc(0);
    checkList(items);
    return [{ list, items, takenAt: readNumber(part, 2) }];
  });
  for (const { list, items, takenAt } of found) snapshot.of(list).set(items, takenAt);
  for (const entry of readAllBytes(content, HANDLERS)) {
    snapshot.askedHandlers.set(readString(entry, 1), readString(entry, 2));
  }
  const { containers, images } = snapshot.prefixUse;
  for (const entry of readAllBytes(content, PREFIXED_CONTAINERS)) {
    containers.set(readString(entry, 1), readString(entry, 2));
  }
  for (const id of readAllBytes(content, PREFIXED_IMAGES)) images.add(id.toString('utf8'));
  if (readString(content, 1) !== bootId) snapshot.stopEverything();
}

function entryOf(key: string, value: string): Buffer {
  return Buffer.concat([lenField(1, key), lenField(2, value)]);
}

function readNumber(message: Buffer, field: number): number {
  let value = 0;
  const records = new Records(message);
  while (records.next()) {
    if (records.field === field && records.type === WireType.Varint) {
      value = Number(decodeVarint(message, records.valueStart, records.valueEnd));
    }
  }
  return value;
}
