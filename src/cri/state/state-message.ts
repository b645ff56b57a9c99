import { lenField, readAllBytes, readBytes, readString, varintField } from '../../wire/fields.ts';
import { Records, WireType } from '../../wire/records.ts';
import { decodeVarint } from '../../wire/varint.ts';
import type { ListName } from '../read/filter.ts';
import { checkList } from '../read/listing.ts';

/** One runtime's state on the disk, or a change of it. */
export interface StateMessage {
  readonly bootId: string;
  /** Undefined in a change. */
  readonly owner: Owner | undefined;
  readonly lists: readonly ListState[];
  readonly notes: readonly Note[];
}

/** The owner of a state, by the configuration of the day. */
export interface Owner {
  readonly id: string;
  readonly path: string;
}

export interface ListState {
  readonly list: ListName;
  /** An answer to the list with the new or changed items. */
  readonly items: Buffer;
  /** The time of the list, in ms since the epoch. */
  readonly takenAt: number;
  /** The ids of removed items. */
  readonly gone: readonly string[];
}

/**
 * `handler`: the runtime handler that a client asked for, by pod. `containerPrefix`: the prefix in the name of a container's image, by
 * container. `imagePrefix`: an image that clients have named with the runtime's prefix; it has no value. `shownPrefix`: the prefix by
 * which clients know a pod or container from before the runtime's id changed. `placement`: the reason for which a pod was placed on
 * the runtime, by uid. `retiring`: an operator has retired the runtime; it has neither id nor value. `version`: the last VersionResponse
 * of the runtime in base64, by CRI API package, the best first.
 */
export type NoteKind =
  | 'handler'
  | 'containerPrefix'
  | 'imagePrefix'
  | 'shownPrefix'
  | 'placement'
  | 'retiring'
  | 'version';

/** A note on a pod, container, image or the runtime; without a value it is removed. */
export interface Note {
  readonly kind: NoteKind;
  readonly id: string;
  readonly value: string | undefined;
}

const BOOT_ID = 1;
const OWNER_ID = 9;
const OWNER_PATH = 10;

const listFields = { ListPodSandbox: 3, ListContainers: 4, ListImages: 5 } as const satisfies Record<ListName, number>;
const list = { items: 1, takenAt: 2, gone: 3 } as const;

const noteFields = {
  handler: 6,
  containerPrefix: 7,
  imagePrefix: 8,
  shownPrefix: 11,
  placement: 12,
  retiring: 13,
  version: 14,
} as const satisfies Record<NoteKind, number>;
const note = { id: 1, value: 2 } as const;

export function encodeState({ bootId, owner, lists, notes }: StateMessage): Buffer {
  return Buffer.concat([
    ...(bootId === '' ? [] : [lenField(BOOT_ID, bootId)]),
    ...(owner === undefined ? [] : [encodeOwner(owner)]),
    ...lists.map(encodeList),
    ...notes.map(encodeNote),
  ]);
}

export function encodeOwner({ id, path }: Owner): Buffer {
  return Buffer.concat([lenField(OWNER_ID, id), lenField(OWNER_PATH, path)]);
}

function encodeList({ list: name, items, takenAt, gone }: ListState): Buffer {
  const fields = [lenField(list.items, items), varintField(list.takenAt, takenAt)];
  return lenField(listFields[name], Buffer.concat([...fields, ...gone.map(id => lenField(list.gone, id))]));
}

function encodeNote({ kind, id, value }: Note): Buffer {
  const fields = [lenField(note.id, id), ...(value === undefined ? [] : [lenField(note.value, value)])];
  return lenField(noteFields[kind], Buffer.concat(fields));
}

/** Throws a WireError. */
export function decodeState(content: Buffer): StateMessage {
  const names = Object.keys(listFields) as ListName[];
  return {
    bootId: readString(content, BOOT_ID),
    owner: readOwner(content),
    lists: names.flatMap(name => {
      const part = readBytes(content, listFields[name]);
      return part === undefined ? [] : [decodeList(name, part)];
    }),
    notes: decodeNotes(content),
  };
}

/** Undefined if the message has no owner. */
export function readOwner(content: Buffer): Owner | undefined {
  const id = readBytes(content, OWNER_ID);
  return id === undefined ? undefined : { id: id.toString('utf8'), path: readString(content, OWNER_PATH) };
}

function decodeList(name: ListName, part: Buffer): ListState {
  const items = readBytes(part, list.items) ?? Buffer.alloc(0);
  checkList(items);
  const gone = readAllBytes(part, list.gone).map(id => id.toString('utf8'));
  return { list: name, items, takenAt: readTime(part), gone };
}

function readTime(part: Buffer): number {
  let time = 0;
  const records = new Records(part);
  while (records.next()) {
    const { field, type, valueStart, valueEnd } = records;
    if (field === list.takenAt && type === WireType.Varint) time = Number(decodeVarint(part, valueStart, valueEnd));
  }
  return time;
}

/** In the order of the wire: a later note on the same item counts. */
function decodeNotes(content: Buffer): Note[] {
  const kinds = new Map(Object.entries(noteFields).map(([kind, field]) => [field as number, kind as NoteKind]));
  const notes: Note[] = [];
  const records = new Records(content);
  while (records.next()) {
    const kind = kinds.get(records.field);
    if (kind === undefined) continue;
    const entry = content.subarray(records.valueStart, records.valueEnd);
    notes.push({ kind, id: readString(entry, note.id), value: readBytes(entry, note.value)?.toString('utf8') });
  }
  return notes;
}
