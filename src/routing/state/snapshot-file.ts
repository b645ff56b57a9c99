import type { ListName } from '../../cri/read/filter.ts';
import { checkList, itemsById, lenField, listOf, readBytes, readString, varintField } from '../../cri/read/listing.ts';
import { Records, WireType } from '../../wire/records.ts';
import { decodeVarint } from '../../wire/varint.ts';
import type { Snapshot } from './snapshot.ts';

/**
 * One runtime's state on the disk, and each change of it. A protobuf message: 1 boot id; 3-5 the lists, each of 1 new or changed items,
 * 2 time of the list, 3 ids of removed items; then entries, each of 1 id and 2 value, which a removed entry lacks: 6 the runtime
 * handlers that clients asked for, by pod, 7 the prefixes in the names of containers' images, by container, 8 the images that clients
 * have named with the runtime's prefix, without values; 9 the runtime's id, 10 its socket in the configuration.
 */
const lists: ReadonlyArray<readonly [field: number, list: ListName]> = [
  [3, 'ListPodSandbox'],
  [4, 'ListContainers'],
  [5, 'ListImages'],
];
const HANDLERS = 6;
const PREFIXED_CONTAINERS = 7;
const PREFIXED_IMAGES = 8;
const ID = 9;
const PATH = 10;

/** The owner of a state, by the configuration of the day. */
export interface Owner {
  readonly id: string;
  readonly path: string;
}

export function encodeOwner({ id, path }: Owner): Buffer {
  return Buffer.concat([lenField(ID, id), lenField(PATH, path)]);
}

/** Undefined if the message has no such field. */
export function readOwner(content: Buffer): Owner | undefined {
  const id = readBytes(content, ID);
  return id === undefined ? undefined : { id: id.toString('utf8'), path: readString(content, PATH) };
}

/** The knowledge besides the lists, by a key that tells the kind. */
export type Notes = ReadonlyMap<string, string>;

export function notesOf({ askedHandlers, prefixUse }: Snapshot): Notes {
  const notes = new Map<string, string>();
  for (const [pod, handler] of askedHandlers) notes.set(`${HANDLERS} ${pod}`, handler);
  for (const [id, prefix] of prefixUse.containers) notes.set(`${PREFIXED_CONTAINERS} ${id}`, prefix);
  for (const id of prefixUse.images) notes.set(`${PREFIXED_IMAGES} ${id}`, '');
  return notes;
}

export function encodeState(snapshot: Snapshot, notes: Notes, owner: Owner, bootId: string): Buffer {
  const parts = [lenField(1, bootId), encodeOwner(owner)];
  for (const [field, list] of lists) {
    const { takenAt } = snapshot.of(list);
    if (takenAt === undefined) continue;
    const items = lenField(1, listOf(snapshot.of(list).index().values()));
    parts.push(lenField(field, Buffer.concat([items, varintField(2, takenAt)])));
  }
  for (const [key, value] of notes) parts.push(encodeNote(key, value));
  return Buffer.concat(parts);
}

/** `ids`: the ids of the items of each list that are to be written. */
export function encodeChange(
  snapshot: Snapshot,
  ids: (list: ListName) => Iterable<string>,
  notes: Notes,
  writtenNotes: Notes,
): Buffer {
  const parts: Buffer[] = [];
  for (const [field, list] of lists) {
    const { takenAt } = snapshot.of(list);
    if (takenAt === undefined) continue;
    const index = snapshot.of(list).index();
    const changed = [...ids(list)];
    const items = listOf(changed.flatMap(id => index.get(id) ?? []));
    const gone = changed.filter(id => !index.has(id)).map(id => lenField(3, id));
    const times = varintField(2, takenAt);
    parts.push(lenField(field, Buffer.concat([lenField(1, items), times, ...gone])));
  }
  for (const [key, value] of notes) if (writtenNotes.get(key) !== value) parts.push(encodeNote(key, value));
  for (const key of writtenNotes.keys()) if (!notes.has(key)) parts.push(encodeNote(key, undefined));
  return Buffer.concat(parts);
}

/**
 * Loads a written state and its changes into `snapshot`; after another boot of the node no container of it runs. Throws a WireError,
 * and then `snapshot` is unchanged.
 */
export function decodeState(contents: readonly Buffer[], bootId: string, snapshot: Snapshot): void {
  const found = lists.flatMap(([field, list]) => readList(contents, field, list));
  const notes = new Map<string, string>();
  for (const content of contents) readNotes(content, notes);
  for (const { list, items, takenAt } of found) snapshot.of(list).set(items, takenAt);
  for (const [key, value] of notes) {
    const { kind, id } = readKey(key);
    if (kind === HANDLERS) snapshot.askedHandlers.set(id, value);
    else if (kind === PREFIXED_CONTAINERS) snapshot.prefixUse.containers.set(id, value);
    else snapshot.prefixUse.images.add(id);
  }
  if (readString(contents[0]!, 1) !== bootId) snapshot.stopEverything();
}

function readList(contents: readonly Buffer[], field: number, list: ListName) {
  const items = new Map<string, Buffer>();
  let takenAt: number | undefined;
  for (const content of contents) {
    const part = readBytes(content, field);
    if (part === undefined) continue;
    const changed = readBytes(part, 1) ?? Buffer.alloc(0);
    checkList(changed);
    for (const [id, item] of itemsById(changed)) items.set(id, item);
    takenAt = readTakenAt(part, items);
  }
  return takenAt === undefined ? [] : [{ list, items: listOf(items.values()), takenAt }];
}

/** Deletes removed items from `items`. */
function readTakenAt(part: Buffer, items: Map<string, Buffer>): number {
  let takenAt = 0;
  const records = new Records(part);
  while (records.next()) {
    const { field, type, valueStart, valueEnd } = records;
    if (field === 2 && type === WireType.Varint) takenAt = Number(decodeVarint(part, valueStart, valueEnd));
    else if (field === 3) items.delete(part.toString('utf8', valueStart, valueEnd));
  }
  return takenAt;
}

/** The reverse of notesOf. */
function readKey(key: string): { kind: number; id: string } {
  const at = key.indexOf(' ');
  return { kind: Number(key.slice(0, at)), id: key.slice(at + 1) };
}

function encodeNote(key: string, value: string | undefined): Buffer {
  const { kind, id } = readKey(key);
  return lenField(kind, Buffer.concat([lenField(1, id), ...(value === undefined ? [] : [lenField(2, value)])]));
}

function readNotes(content: Buffer, notes: Map<string, string>): void {
  const records = new Records(content);
  while (records.next()) {
    const { field, valueStart, valueEnd } = records;
    if (field < HANDLERS || field > PREFIXED_IMAGES) continue;
    const entry = content.subarray(valueStart, valueEnd);
    const key = `${field} ${readString(entry, 1)}`;
    const value = readBytes(entry, 2);
    if (value === undefined) notes.delete(key);
    else notes.set(key, value.toString('utf8'));
  }
}
