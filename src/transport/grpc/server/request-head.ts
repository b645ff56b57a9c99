import type { Metadata } from '../../../base/call.ts';
import type { HeaderList } from '../../http2/hpack/header-list.ts';
import { isGrpc, Owned, ownerOf } from '../owned-names.ts';

/** A request's header list, taken apart. Empty strings stand for what was not there. */
export interface RequestHead {
  method: string;
  path: string;
  contentType: string;
  timeout: string;
  encoding: string;
  userAgent: string;
  contentLength: number;
  metadata: Metadata;
}

/** Bits of the pseudo-headers that a request must have, each once (RFC 9113 section 8.3.1). */
const needed = (1 << Owned.Method) | (1 << Owned.Scheme) | (1 << Owned.Path);

const noMetadata: Metadata = [];

/**
 * Takes a request's header list apart, once for each list; a string says what is malformed (RFC 9113 section 8.1.1). Any authority
 * will do.
 */
export function parseRequestHead(list: HeaderList): RequestHead | string {
  list.parsed ??= takeApart(list);
  return list.parsed as RequestHead | string;
}

/**
 * What is malformed in a request's trailers, which are not read else: pseudo-headers and fields of connections do not belong there
 * (RFC 9113 sections 8.1 and 8.2.2), nor a content-length behind the content (RFC 9110 section 6.5.1).
 */
export function trailersFault(list: HeaderList): string | undefined {
  for (let i = 0; i < list.length; i += 2) {
    const name = list.fields[i]!;
    const owner = ownerOf(name);
    const isForbidden = owner === Owned.Forbidden || owner === Owned.ContentLength;
    if (isForbidden || name.charCodeAt(0) === 0x3a) return `${name} in the trailers of a request`;
    if (owner === Owned.Te && list.fields[i + 1] !== 'trailers') return `te: ${list.fields[i + 1]}`;
  }
  return undefined;
}

/** The HTTP status for a request that is no gRPC; undefined if it is. */
export function httpFault({ method, contentType }: RequestHead): string | undefined {
  if (method !== 'POST') return '405';
  return isGrpc(contentType) ? undefined : '415';
}

function takeApart(list: HeaderList): RequestHead | string {
  const head = {
    method: '',
    path: '',
    contentType: '',
    timeout: '',
    encoding: '',
    userAgent: '',
    contentLength: -1,
    metadata: noMetadata,
  };
  let metadata: [string, string][] | undefined;
  let seen = 0;
  let regular = false;
  for (let i = 0; i < list.length; i += 2) {
    const name = list.fields[i]!;
    const value = list.fields[i + 1]!;
    const owner = ownerOf(name);
    if (name.charCodeAt(0) === 0x3a) {
      const bit = 1 << owner;
      if (regular || owner === Owned.Metadata || owner === Owned.Status || (seen & bit) !== 0)
        return `${name} out of place`;
      seen |= bit;
    } else {
      regular = true;
    }
    switch (owner) {
      case Owned.Method:
        head.method = value;
        break;
      case Owned.Path:
        head.path = value;
        break;
      case Owned.ContentType:
        head.contentType = value;
        break;
      case Owned.Timeout:
        head.timeout = value;
        break;
      case Owned.Encoding:
        head.encoding = value;
        break;
      case Owned.UserAgent:
        head.userAgent = value;
        break;
      case Owned.ContentLength:
        if (head.contentLength >= 0) return 'content-length twice';
        if (!/^\d{1,15}$/.test(value)) return 'a malformed content-length';
        head.contentLength = Number(value);
        break;
      case Owned.Scheme:
        if (!/^[a-zA-Z][a-zA-Z0-9+.-]*$/.test(value)) return 'a malformed :scheme';
        break;
      case Owned.Te:
        if (value !== 'trailers') return `te: ${value}`;
        break;
      case Owned.Forbidden:
        return `${name} does not belong in HTTP/2`;
      case Owned.Metadata:
        metadata ??= [];
        metadata.push([name, value]);
        break;
    }
  }
  if (metadata !== undefined) head.metadata = metadata;
  if ((seen & needed) !== needed) return 'a pseudo-header is missing';
  return head.path.startsWith('/') || head.method === 'OPTIONS' ? head : 'a malformed :path';
}
