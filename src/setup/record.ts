import type { Files } from './disk.ts';
import { type Edit, hashText, undoEdit } from './edit.ts';
import { strange } from './error.ts';
import { applyEdits } from './plan.ts';

export const RECORD_FILE = '/var/lib/criproxy/setup.json';

/** An edit as it was made: sha256 of the file without it and with it. */
export interface MadeEdit {
  readonly edit: Edit;
  readonly before: string | undefined;
  readonly after: string;
}

/** What the set-up has changed on this node, oldest first. */
export interface SetupRecord {
  readonly format: 1;
  /** The endpoint that the kubelet had, as it was written; undefined for its own default. */
  readonly endpoint?: string;
  /** The primary runtime's socket. */
  readonly primary?: string;
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
  if (record.edits.length === 0 && record.primary === undefined) return undefined;
  return `${JSON.stringify(record, null, 2)}\n`;
}

/**
 * Makes edits, each recorded before it is made, so that a crash between the two is undone like any other. Returns the new
 * record; throws a SetupError.
 */
export function makeEdits(
  files: Files,
  write: (path: string, text: string) => void,
  record: SetupRecord,
  edits: readonly Edit[],
): SetupRecord {
  let now = record;
  for (const edit of edits) {
    const before = files.read(edit.file);
    const text = applyEdits(files, [edit]).get(edit.file)!;
    if (before === text) continue;
    now = { ...now, edits: [...now.edits, { edit, before: hashText(before), after: hashText(text)! }] };
    write(RECORD_FILE, formatRecord(now)!);
    write(edit.file, text);
  }
  return now;
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
    if (hashText(text) === before) continue; // recorded, but not made; or put back by somebody
    const result = undoEdit(edit, text);
    if (result.kind === 'theirs') {
      left.push({ edit, reason: text === undefined ? 'the file is gone' : 'somebody changed it since' });
      continue;
    }
    if (result.text === undefined) changes.remove(edit.file);
    else changes.write(edit.file, result.text);
    undone.push(edit);
  }
  return { undone, left };
}
