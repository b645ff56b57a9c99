import type { HeaderList } from './hpack/header-list.ts';

/** The place of a header list in its message; each has its own pseudo-headers. */
export const ListKind = { Request: 1, Response: 2, Trailers: 3 } as const;
export type ListKind = (typeof ListKind)[keyof typeof ListKind];

/** Fields that HTTP/2 has rules for. The pseudo-headers are bits. */
const Field = {
  Method: 1,
  Scheme: 2,
  Path: 4,
  Authority: 8,
  Status: 16,
  ContentLength: 32,
  Te: 64,
  /** Fields of one connection of HTTP/1.1 (RFC 9113 section 8.2.2). */
  ConnectionSpecific: 128,
} as const;

const fields = new Map<string, number>([
  [':method', Field.Method],
  [':scheme', Field.Scheme],
  [':path', Field.Path],
  [':authority', Field.Authority],
  [':status', Field.Status],
  ['content-length', Field.ContentLength],
  ['te', Field.Te],
  ['connection', Field.ConnectionSpecific],
  ['keep-alive', Field.ConnectionSpecific],
  ['proxy-connection', Field.ConnectionSpecific],
  ['transfer-encoding', Field.ConnectionSpecific],
  ['upgrade', Field.ConnectionSpecific],
]);

/** The pseudo-headers that a list must have, and may have (RFC 9113 sections 8.1, 8.3.1 and 8.3.2). */
const needed = [0, Field.Method | Field.Scheme | Field.Path, Field.Status, 0];
const allowed = [0, Field.Method | Field.Scheme | Field.Path | Field.Authority, Field.Status, 0];

/**
 * The rule of RFC 9113 section 8.1.1 that a header list breaks, in words; undefined if it breaks none. Any authority is accepted. A
 * list that was cut is checked for the syntax of its fields only. The result is kept with the list.
 */
export function findListFault(list: HeaderList, kind: ListKind): string | undefined {
  if (list.malformed) return 'a malformed header field';
  if (list.truncated) return undefined;
  if (list.checkedAs !== kind) {
    list.fault = check(list, kind);
    list.checkedAs = kind;
  }
  return list.fault;
}

/** Whether a response's list is one of status 1xx, which another list follows. */
export function isInterim(list: HeaderList): boolean {
  return list.fields[0] === ':status' && list.fields[1]!.charCodeAt(0) === 0x31;
}

function check(list: HeaderList, kind: ListKind): string | undefined {
  let seen = 0;
  let isRegular = false;
  let isOptions = false;
  let path = '/';
  for (let i = 0; i < list.length; i += 2) {
    const name = list.fields[i]!;
    const value = list.fields[i + 1]!;
    const field = fields.get(name) ?? 0;
    if (name.charCodeAt(0) === 0x3a) {
      if (isRegular || (field & allowed[kind]!) === 0 || (seen & field) !== 0) return `${name} out of place`;
      seen |= field;
    } else isRegular = true;
    if (field === 0) continue;
    const fault = findFieldFault(field, name, value, list, kind);
    if (fault !== undefined) return fault;
    if (field === Field.Path) path = value;
    else if (field === Field.Method) isOptions = value === 'OPTIONS';
  }
  if ((seen & needed[kind]!) !== needed[kind])
    return kind === ListKind.Response ? 'no :status' : 'a pseudo-header is missing';
  return path.startsWith('/') || isOptions ? undefined : 'a malformed :path';
}

function findFieldFault(
  field: number,
  name: string,
  value: string,
  list: HeaderList,
  kind: ListKind,
): string | undefined {
  switch (field) {
    case Field.Scheme:
      return /^[a-zA-Z][a-zA-Z0-9+.-]*$/.test(value) ? undefined : 'a malformed :scheme';
    case Field.Status:
      return /^[1-5]\d\d$/.test(value) ? undefined : 'a malformed :status';
    case Field.Te:
      return value === 'trailers' ? undefined : `te: ${value}`;
    case Field.ConnectionSpecific:
      return `${name} does not belong in HTTP/2`;
    case Field.ContentLength:
      // RFC 9110 section 6.5.1: what frames the content comes before it.
      if (kind === ListKind.Trailers) return `${name} in trailers`;
      if (list.contentLength >= 0) return 'content-length twice';
      if (!/^\d{1,15}$/.test(value)) return 'a malformed content-length';
      list.contentLength = Number(value);
      return undefined;
    default:
      return undefined;
  }
}
