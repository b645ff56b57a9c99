import type { Answers } from './choice.ts';
import type { Files } from './disk.ts';
import { type Edit, hashText, undoEdit } from './edit.ts';
import { applyEdits } from './plan.ts';
import { strange } from './setup-error.ts';
import { overlayTree, type Tree } from './tree.ts';

export const RECORD_FILE = '/var/lib/criproxy/setup.json';

/** An edit as it was made: sha256 of the file without it and with it. */
export interface MadeEdit {
  readonly edit: Edit;
  readonly before: string | undefined;
  readonly after: string;
}

/** The changes of the set-up on this node, oldest first. */
export interface SetupRecord {
  readonly format: 1;
  /** The endpoint that the kubelet had, as it was written; undefined for its own default. */
  readonly endpoint?: string;
  /** The primary runtime's socket. */
  readonly primary?: string;
  /** The answers to the package's questions when they were last looked at. */
  readonly answers?: Answers;
  /** The files are as `edits` say, and the kubelet has not been restarted since. */
  readonly pending?: true;
  readonly edits: readonly MadeEdit[];
}

export function readRecord(files: Pick<Files, 'read'>): SetupRecord {
  const text = files.read(RECORD_FILE);
  if (text === undefined) return { format: 1, edits: [] };
  try {
    const record = JSON.parse(text) as SetupRecord;
    if (record.format === 1 && Array.isArray(record.edits)) return record;
  } catch {
    // said below
  }
  throw strange(
    RECORD_FILE,
    'it is not a record of this program',
    'compare it with the files that it names, and remove it',
  );
}

/** The record's text; undefined for an empty one, which is no file. */
export function formatRecord(record: SetupRecord): string | undefined {
  const { format, endpoint, primary, answers, pending, edits } = record;
  if (edits.length === 0 && primary === undefined && answers === undefined) return undefined;
  const ordered = { format, endpoint, primary, answers, pending, edits }; // the same record is the same text
  return `${JSON.stringify(ordered, null, 2)}\n`;
}

/** The contents that a file must get: its text, or undefined for no file. */
export type FileChanges = ReadonlyMap<string, string | undefined>;

/** The changes that take back all recorded edits that still are as they were made. */
export function undoAll(files: Pick<Files, 'read'>, record: SetupRecord): FileChanges {
  const texts = new Map<string, string | undefined>();
  const read = (path: string) => (texts.has(path) ? texts.get(path) : files.read(path));
  const changes = {
    write: (path: string, text: string) => void texts.set(path, text),
    remove: (path: string) => void texts.set(path, undefined),
  };
  undoEdits({ read }, changes, record.edits);
  return texts;
}

/** The result of `edits` on files, one after the other, and each edit with its hashes. Throws a SetupError if one does not fit. */
export function foldEdits(tree: Tree, edits: readonly Edit[]): { texts: FileChanges; made: readonly MadeEdit[] } {
  const texts = new Map<string, string | undefined>();
  const made: MadeEdit[] = [];
  for (const edit of edits) {
    const before = texts.has(edit.file) ? texts.get(edit.file) : tree.read(edit.file);
    const after = applyEdits(overlayTree(tree, texts), [edit]).get(edit.file)!;
    if (before === after) continue;
    texts.set(edit.file, after);
    made.push({ edit, before: hashText(before), after: hashText(after)! });
  }
  return { texts, made };
}

/**
 * Makes changes to files, with the record of the edits that are in force after them. Until all are made the record holds the
 * old edits too, so that a crash between two files is undone like any other. Throws a SetupError.
 */
export function makeChanges(changes: Changes, files: FileChanges, old: SetupRecord, now: SetupRecord): void {
  if (files.size > 0) changes.write(RECORD_FILE, formatRecord({ ...now, edits: [...old.edits, ...now.edits] })!);
  for (const [path, text] of files) {
    if (text === undefined) changes.remove(path);
    else changes.write(path, text);
  }
  const text = formatRecord(now);
  if (text === undefined) changes.remove(RECORD_FILE);
  else changes.write(RECORD_FILE, text);
}

/** An edit that could not be undone, since its file says something else now. */
export interface LeftEdit {
  readonly edit: Edit;
  readonly reason: string;
}

export interface Undo {
  readonly undone: readonly Edit[];
  readonly left: readonly LeftEdit[];
}

/** Where changes go: a Rollback, so that they can be taken back. */
export interface Changes {
  write(path: string, text: string): void;
  remove(path: string): void;
}

/** Undoes recorded edits, the last first, where they still are as they were made. Throws a SetupError for a disk's fault. */
export function undoEdits(files: Pick<Files, 'read'>, changes: Changes, edits: readonly MadeEdit[]): Undo {
  const undone: Edit[] = [];
  const left: LeftEdit[] = [];
  for (const { edit, before } of [...edits].reverse()) {
    const text = files.read(edit.file);
    if (hashText(text) === before) continue; // recorded, but not made; or put back by hand
    const result = undoEdit(edit, text);
    if (result.kind === 'theirs') {
      left.push({ edit, reason: text === undefined ? 'the file is gone' : 'it was changed since' });
      continue;
    }
    if (result.text === undefined) changes.remove(edit.file);
    else changes.write(edit.file, result.text);
    undone.push(edit);
  }
  return { undone, left };
}
