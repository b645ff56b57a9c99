import type { Metadata } from '../../../base/call.ts';
import type { HeaderList } from '../../http2/hpack/header-list.ts';
import { Owned, ownerOf } from '../owned-names.ts';

/** A response's header list or trailers, taken apart. Empty strings stand for what was not there. */
export interface ResponseHead {
  status: string;
  contentType: string;
  encoding: string;
  grpcStatus: string;
  grpcMessage: string;
  contentLength: number;
  metadata: Metadata;
}

const noMetadata: Metadata = [];

/**
 * Takes a header list or trailers of a response apart, once for each list; a string says what is malformed (RFC 9113 section 8.1.1).
 * `trailers`: the list may have no status, which it must have else.
 */
export function parseResponseHead(list: HeaderList, trailers: boolean): ResponseHead | string {
  list.parsed ??= takeApart(list);
  const head = list.parsed as ResponseHead | string;
  if (typeof head === 'string' || (head.status === '') === trailers) return head;
  return trailers ? ':status out of place' : 'no :status';
}

function takeApart(list: HeaderList): ResponseHead | string {
  const head = {
    status: '',
    contentType: '',
    encoding: '',
    grpcStatus: '',
    grpcMessage: '',
    contentLength: -1,
    metadata: noMetadata,
  };
  let metadata: [string, string][] | undefined;
  for (let i = 0; i < list.length; i += 2) {
    const name = list.fields[i]!;
    const value = list.fields[i + 1]!;
    const owner = ownerOf(name);
    if (name.charCodeAt(0) === 0x3a && (owner !== Owned.Status || i > 0)) return `${name} out of place`;
    switch (owner) {
      case Owned.Status:
        if (!/^[1-5]\d\d$/.test(value)) return 'no :status';
        head.status = value;
        break;
      case Owned.ContentType:
        head.contentType = value;
        break;
      case Owned.Encoding:
        head.encoding = value;
        break;
      case Owned.GrpcStatus:
        head.grpcStatus = value;
        break;
      case Owned.GrpcMessage:
        head.grpcMessage = value;
        break;
      case Owned.ContentLength:
        if (head.contentLength >= 0) return 'content-length twice';
        if (!/^\d{1,15}$/.test(value)) return 'a malformed content-length';
        head.contentLength = Number(value);
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
  return head;
}
