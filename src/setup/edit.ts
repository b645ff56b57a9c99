import { createHash } from 'node:crypto';
import { type ConfigEdit, makeConfigEdit, undoConfigEdit } from './config-text.ts';
import { parseEnvFile } from './env-file.ts';
import type { Origin } from './unit.ts';
import { parseUnitFile } from './unit-file.ts';

/**
 * One change to one file, small enough to be undone though the rest of the file changes meanwhile.
 * - `flag`: the value of a flag, in a variable or in ExecStart=, from `old` to `new`
 * - `append`: `text` put at the end of a variable's value
 * - `yaml`: the value of a top-level key of a KubeletConfiguration
 * - `file`: a whole file that was not there
 */
export type Edit =
  | {
      readonly kind: 'flag';
      readonly file: string;
      readonly origin: Origin;
      readonly flag: string;
      readonly old: string;
      readonly new: string;
    }
  | { readonly kind: 'append'; readonly file: string; readonly origin: Origin; readonly text: string }
  | ({ readonly kind: 'yaml'; readonly file: string; readonly key: string } & ConfigEdit)
  | { readonly kind: 'file'; readonly file: string; readonly content: string };

export type FlagEdit = Extract<Edit, { kind: 'flag' }>;

interface Range {
  readonly start: number;
  readonly end: number;
}

/** Where the raw text of an origin stands: the last assignment of it, which is the one in force. */
function findRanges(text: string, origin: Origin): Range[] {
  if (origin.syntax === 'arguments') return [{ start: 0, end: text.length }];
  if (origin.syntax === 'env')
    return parseEnvFile(text)
      .filter(({ name }) => name === origin.variable)
      .slice(-1);
  const entries = parseUnitFile(text).filter(({ section, key }) => section === 'Service' && key === origin.key);
  const holds = new RegExp(`(^|[\\s"'])${origin.variable}=`);
  return entries.filter(({ value }) => origin.variable === undefined || holds.test(value)).slice(-1);
}

function replaceAt(text: string, start: number, end: number, by: string): string {
  return text.slice(0, start) + by + text.slice(end);
}

/** Puts `to` in the place of the last `--flag=from` (or `--flag from`) of the origin's text. */
function replaceFlag(text: string, edit: FlagEdit, from: string, to: string): string | undefined {
  const [range] = findRanges(text, edit.origin);
  if (range === undefined) return undefined;
  const flag = edit.flag.replaceAll('-', '[-_]');
  const pattern = new RegExp(`(?<![^\\s"'=])--?${flag}(?:=|(?:\\s|\\\\\\n)+)["']?`, 'g');
  const raw = text.slice(range.start, range.end);
  const last = [...raw.matchAll(pattern)].at(-1);
  if (last === undefined) return undefined;
  const at = last.index + last[0].length;
  if (!raw.startsWith(from, at) || !/^($|[\s"'\\])/.test(raw.slice(at + from.length))) return undefined;
  return replaceAt(text, range.start + at, range.start + at + from.length, to);
}

function append(text: string, origin: Origin, added: string): string | undefined {
  const [range] = findRanges(text, origin);
  if (range === undefined) return undefined;
  const raw = text.slice(range.start, range.end);
  const quoted = /^(["']).*\1$/s.test(raw);
  // Unquoted text ends at the line's end in both syntaxes, but for Environment=, where a space starts the next assignment.
  if (!quoted && origin.syntax === 'unit' && origin.variable !== undefined) return undefined;
  const at = quoted ? range.end - 1 : range.end;
  const isEmpty = quoted ? raw.length === 2 : raw === '';
  return replaceAt(text, at, at, isEmpty ? added : ` ${added}`);
}

function unappend(text: string, origin: Origin, added: string): string | undefined {
  const [range] = findRanges(text, origin);
  if (range === undefined) return undefined;
  const raw = text.slice(range.start, range.end);
  const spaced = raw.lastIndexOf(` ${added}`);
  const at = spaced === -1 ? /^["']?/.exec(raw)![0].length : spaced;
  const old = spaced === -1 ? added : ` ${added}`;
  if (!raw.startsWith(old, at)) return undefined;
  return replaceAt(text, range.start + at, range.start + at + old.length, '');
}

/** The file's text after an edit; undefined if the edit does not fit the text. */
export function applyEdit(edit: Edit, text: string | undefined): string | undefined {
  if (edit.kind === 'file') return text === undefined || text === edit.content ? edit.content : undefined;
  if (text === undefined) return undefined;
  if (edit.kind === 'flag') return replaceFlag(text, edit, edit.old, edit.new);
  if (edit.kind === 'append') return append(text, edit.origin, edit.text);
  return makeConfigEdit(edit, text, edit.key);
}

/** Where an edit stands now: `ours` with the text without it, `theirs` if the value was changed since. */
export type Undone = { readonly kind: 'ours'; readonly text: string | undefined } | { readonly kind: 'theirs' };

export function undoEdit(edit: Edit, text: string | undefined): Undone {
  if (edit.kind === 'file') return text === edit.content ? { kind: 'ours', text: undefined } : { kind: 'theirs' };
  if (text === undefined) return { kind: 'theirs' };
  let before: string | undefined;
  if (edit.kind === 'flag') before = replaceFlag(text, edit, edit.new, edit.old);
  else if (edit.kind === 'append') before = unappend(text, edit.origin, edit.text);
  else before = undoConfigEdit(edit, text, edit.key);
  return before === undefined ? { kind: 'theirs' } : { kind: 'ours', text: before };
}

/** sha256 of a file's text, in hex; of a file that is not there, undefined. */
export function hashText(text: string | undefined): string | undefined {
  return text === undefined ? undefined : createHash('sha256').update(text).digest('hex');
}
