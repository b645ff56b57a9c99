import { isName, isValue } from './field-syntax.ts';
import type { HeaderList } from './hpack/header-list.ts';

/** The place of a header list in its message; each has its own pseudo-headers. */
export const ListKind = { Request: 1, Response: 2, Trailers: 3 } as const;
export type ListKind = (typeof ListKind)[keyof typeof ListKind];

/** The marks that HPACK keeps with each field, as bits: the fields that HTTP/2 has rules for, and the result of the rules. */
export const Mark = {
  Method: 1,
  Scheme: 2,
  Path: 4,
  Authority: 8,
  Status: 16,
  ContentLength: 32,
  /** The field breaks a rule wherever it stands. */
  Malformed: 64,
  /** A path that only the method OPTIONS may have (RFC 9113 section 8.3.1), and that method. */
  OddPath: 128,
  Options: 256,
  /** A status of 1xx, which another header list follows. */
  Interim: 512,
} as const;

const pseudo = Mark.Method | Mark.Scheme | Mark.Path | Mark.Authority | Mark.Status;

/** The pseudo-headers that a list must have, and may have (RFC 9113 sections 8.1, 8.3.1 and 8.3.2), by ListKind. */
const needed = [0, Mark.Method | Mark.Scheme | Mark.Path, Mark.Status, 0];
const allowed = [0, Mark.Method | Mark.Scheme | Mark.Path | Mark.Authority, Mark.Status, 0];

const malformed = (): number => Mark.Malformed;
const check = (pattern: RegExp, mark: number) => (value: string) => (pattern.test(value) ? mark : Mark.Malformed);

/** The mark of a value, by the name of its field. Any authority is accepted. Fields of one connection of HTTP/1.1 do not belong here. */
const rules: ReadonlyMap<string, (value: string) => number> = new Map([
  [':method', value => (value === 'OPTIONS' ? Mark.Method | Mark.Options : Mark.Method)],
  [':scheme', check(/^[a-zA-Z][a-zA-Z0-9+.-]*$/, Mark.Scheme)],
  [':path', value => (value.startsWith('/') ? Mark.Path : Mark.Path | Mark.OddPath)],
  [':authority', () => Mark.Authority],
  [
    ':status',
    value => (/^[1-5]\d\d$/.test(value) ? Mark.Status | (value.startsWith('1') ? Mark.Interim : 0) : Mark.Malformed),
  ],
  ['content-length', check(/^\d{1,15}$/, Mark.ContentLength)],
  ['te', check(/^trailers$/, 0)],
  ['connection', malformed],
  ['keep-alive', malformed],
  ['proxy-connection', malformed],
  ['transfer-encoding', malformed],
  ['upgrade', malformed],
]);

/** The mark of a field. */
export function markField(name: string, value: string): number {
  if (!isName(name) || !isValue(value)) return Mark.Malformed;
  const rule = rules.get(name);
  if (rule !== undefined) return rule(value);
  return name.startsWith(':') ? Mark.Malformed : 0;
}

/**
 * The rule of RFC 9113 sections 8.1 to 8.3 that a header list breaks, in words; undefined if it breaks none. A list that was cut is
 * checked field by field only.
 */
export function findListFault(list: HeaderList, kind: ListKind): string | undefined {
  if ((list.allMarks & Mark.Malformed) !== 0) return describeMalformed(list);
  if (list.truncated) return undefined;
  let seen = 0;
  let isRegular = false;
  for (let i = 0; i < list.length; i += 2) {
    const mark = list.marks[i >> 1]!;
    if ((mark & pseudo) === 0) {
      isRegular = true;
      continue;
    }
    const bit = mark & allowed[kind]!;
    if (isRegular || bit === 0 || (seen & bit) !== 0) return `${list.fields[i]} out of place`;
    seen |= bit;
  }
  if ((seen & needed[kind]!) !== needed[kind])
    return kind === ListKind.Response ? 'no :status' : 'a pseudo-header is missing';
  if ((list.allMarks & (Mark.OddPath | Mark.Options)) === Mark.OddPath) return 'a malformed :path';
  return (list.allMarks & Mark.ContentLength) === 0 ? undefined : findLengthFault(list, kind);
}

/** The value of content-length; -1 if there is none. */
export function contentLengthOf(list: HeaderList): number {
  if ((list.allMarks & Mark.ContentLength) === 0) return -1;
  const at = list.marks.indexOf(Mark.ContentLength);
  return at < 0 || 2 * at >= list.length ? -1 : Number(list.fields[2 * at + 1]);
}

/** The length of the content comes before it (RFC 9110 section 6.5.1), once. */
function findLengthFault(list: HeaderList, kind: ListKind): string | undefined {
  if (kind === ListKind.Trailers) return 'content-length in trailers';
  const at = list.marks.indexOf(Mark.ContentLength);
  const again = list.marks.indexOf(Mark.ContentLength, at + 1);
  return again > 0 && 2 * again < list.length ? 'content-length twice' : undefined;
}

/** The rule that the first malformed field breaks; a field that was cut from the list is not known. */
function describeMalformed(list: HeaderList): string {
  const at = list.marks.indexOf(Mark.Malformed);
  const name = list.fields[2 * at] ?? '';
  const value = list.fields[2 * at + 1] ?? '';
  if (at < 0 || 2 * at >= list.length || !isName(name) || !isValue(value)) return 'a malformed header field';
  const rule = rules.get(name);
  if (rule === undefined) return `${name} out of place`;
  return rule === malformed ? `${name} does not belong in HTTP/2` : `${name}: ${value}`;
}
