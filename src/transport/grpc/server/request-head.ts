import type { Metadata } from '../../../base/call.ts';
import { Mark } from '../../http2/header-rules.ts';
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
  metadata: Metadata;
}

const noMetadata: Metadata = [];

/** Takes a request's header list apart, once for each list. The list is not malformed. */
export function parseRequestHead(list: HeaderList): RequestHead {
  list.parsed ??= takeApart(list);
  return list.parsed as RequestHead;
}

/** The HTTP status for a request that is no gRPC; undefined if it is. */
export function httpFault({ method, contentType }: RequestHead): string | undefined {
  if (method !== 'POST') return '405';
  return isGrpc(contentType) ? undefined : '415';
}

function takeApart(list: HeaderList): RequestHead {
  const head = {
    method: '',
    path: '',
    contentType: '',
    timeout: '',
    encoding: '',
    userAgent: '',
    metadata: noMetadata,
  };
  let metadata: [string, string][] | undefined;
  for (let i = 0; i < list.length; i += 2) {
    const name = list.fields[i]!;
    const value = list.fields[i + 1]!;
    const mark = list.marks[i >> 1]!;
    if (mark !== 0) {
      if (mark & Mark.Method) head.method = value;
      else if (mark & Mark.Path) head.path = value;
      continue;
    }
    const owner = ownerOf(name);
    switch (owner) {
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
      case Owned.Metadata:
        metadata ??= [];
        metadata.push([name, value]);
        break;
    }
  }
  if (metadata !== undefined) head.metadata = metadata;
  return head;
}
