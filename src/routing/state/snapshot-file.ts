import { keyOfItems, type ListName } from '../../cri/read/filter.ts';
import { itemsById, listOf } from '../../cri/read/listing.ts';
import { decodeState, encodeState, type Note, type NoteKind, type Owner } from '../../cri/state/state-message.ts';
import type { Snapshot } from './snapshot.ts';

const lists = ['ListPodSandbox', 'ListContainers', 'ListImages'] as const satisfies readonly ListName[];

/** The knowledge besides the lists: a note's value by its key, which is its kind and id. */
export type Notes = ReadonlyMap<string, string>;

export function notesOf({ askedHandlers, prefixUse, shownIds, placements, retiring, versions }: Snapshot): Notes {
  const notes = new Map<string, string>();
  const add = (kind: NoteKind, id: string, value: string) => notes.set(`${kind} ${id}`, value);
  for (const [pod, handler] of askedHandlers) add('handler', pod, handler);
  for (const [id, prefix] of prefixUse.containers) add('containerPrefix', id, prefix);
  for (const id of prefixUse.images) add('imagePrefix', id, '');
  for (const [id, prefix] of shownIds.entries()) add('shownPrefix', id, prefix);
  for (const [uid, reason] of placements.entries()) add('placement', uid, reason);
  if (retiring) add('retiring', '', '');
  for (const [pkg, answer] of versions) add('version', pkg, answer.toString('base64'));
  return notes;
}

/** The reverse of a key in notesOf. */
function noteOf(key: string, value: string | undefined): Note {
  const at = key.indexOf(' ');
  return { kind: key.slice(0, at) as NoteKind, id: key.slice(at + 1), value };
}

/** The whole state of a runtime, as a message for its file. */
export function wholeState(snapshot: Snapshot, notes: Notes, owner: Owner, bootId: string): Buffer {
  return encodeState({
    bootId,
    owner,
    lists: lists.flatMap(list => {
      const { takenAt } = snapshot.of(list);
      if (takenAt === undefined) return [];
      return [{ list, items: listOf(snapshot.of(list).index().values()), takenAt, gone: [] }];
    }),
    notes: [...notes].map(([key, value]) => noteOf(key, value)),
  });
}

/** A change of the state. `ids`: the ids of the items of each list that are to be written. */
export function changedState(
  snapshot: Snapshot,
  ids: (list: ListName) => Iterable<string>,
  notes: Notes,
  writtenNotes: Notes,
): Buffer {
  return encodeState({
    bootId: '',
    owner: undefined,
    lists: lists.flatMap(list => {
      const { takenAt } = snapshot.of(list);
      if (takenAt === undefined) return [];
      const index = snapshot.of(list).index();
      const changed = [...ids(list)];
      const items = listOf(changed.flatMap(id => index.get(id) ?? []));
      return [{ list, items, takenAt, gone: changed.filter(id => !index.has(id)) }];
    }),
    notes: [
      ...[...notes].filter(([key, value]) => writtenNotes.get(key) !== value).map(([key, value]) => noteOf(key, value)),
      ...[...writtenNotes.keys()].filter(key => !notes.has(key)).map(key => noteOf(key, undefined)),
    ],
  });
}

/**
 * Loads a written state and its changes into `snapshot`; after another boot of the node no container of it runs. Throws a WireError,
 * and then `snapshot` is unchanged.
 */
export function loadState(contents: readonly Buffer[], bootId: string, snapshot: Snapshot): void {
  const states = contents.map(decodeState);
  for (const list of lists) {
    const items = new Map<string, Buffer>();
    let time: number | undefined;
    for (const part of states.flatMap(state => state.lists.filter(each => each.list === list))) {
      for (const [id, item] of itemsById(part.items, keyOfItems(list))) items.set(id, item);
      for (const id of part.gone) items.delete(id);
      time = part.takenAt;
    }
    if (time !== undefined) snapshot.of(list).set(listOf(items.values()), time);
  }
  const notes = new Map(states.flatMap(state => state.notes).map(note => [`${note.kind} ${note.id}`, note]));
  for (const { kind, id, value } of notes.values()) {
    if (value === undefined) continue;
    loaders[kind](snapshot, id, value);
  }
  if (states[0]!.bootId !== bootId) snapshot.stopEverything();
}

const loaders: Readonly<Record<NoteKind, (snapshot: Snapshot, id: string, value: string) => void>> = {
  handler: ({ askedHandlers }, id, value) => askedHandlers.set(id, value),
  containerPrefix: ({ prefixUse }, id, value) => prefixUse.containers.set(id, value),
  imagePrefix: ({ prefixUse }, id) => prefixUse.images.add(id),
  shownPrefix: ({ shownIds }, id, value) => shownIds.set(id, value),
  placement: ({ placements }, id, value) => placements.set(id, value),
  retiring: snapshot => {
    snapshot.retiring = true;
  },
  version: (snapshot, pkg, value) => {
    snapshot.versions = new Map(snapshot.versions).set(pkg, Buffer.from(value, 'base64'));
  },
};
