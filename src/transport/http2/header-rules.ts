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

/** The mark of a field. */
export function markField(name: string, value: string): number {
  if (findFieldFault(name, value) !== undefined) return Mark.Malformed;
  switch (name) {
    case ':method':
      return value === 'OPTIONS' ? Mark.Method | Mark.Options : Mark.Method;
    case ':scheme':
      return Mark.Scheme;
    case ':path':
      return value.startsWith('/') ? Mark.Path : Mark.Path | Mark.OddPath;
    case ':authority':
      return Mark.Authority;
    case ':status':
      return value.startsWith('1') ? Mark.Status | Mark.Interim : Mark.Status;
    case 'content-length':
      return Mark.ContentLength;
    default:
      return 0;
  }
}

/** The rule that a field breaks wherever it stands. Any authority is accepted. */
function findFieldFault(name: string, value: string): string | undefined {
  if (!isName(name) || !isValue(value)) return 'a malformed header field';
  switch (name) {
    case ':method':
    case ':path':
    case ':authority':
      return undefined;
    case ':scheme':
      return /^[a-zA-Z][a-zA-Z0-9+.-]*$/.test(value) ? undefined : 'a malformed :scheme';
    case ':status':
      return /^[1-5]\d\d$/.test(value) ? undefined : 'a malformed :status';
    case 'content-length':
      return /^\d{1,15}$/.test(value) ? undefined : 'a malformed content-length';
    case 'te':
      return value === 'trailers' ? undefined : `te: ${value}`;
    case 'connection':
    case 'keep-alive':
    case 'proxy-connection':
    case 'transfer-encoding':
    case 'upgrade':
      return `${name} does not belong in HTTP/2`;
    default:
      return name.startsWith(':') ? `${name} out of place` : undefined;
  }
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

/** Of a field that was cut from the list no more is known. */
function describeMalformed(list: HeaderList): string {
  for (let i = 0; i < list.length; i += 2) {
    const fault = findFieldFault(list.fields[i]!, list.fields[i + 1]!);
    if (fault !== undefined) return fault;
  }
  return 'a malformed header field';
}
