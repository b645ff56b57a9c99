import type { Metadata } from '../../base/call.ts';
import { Mark } from '../http2/header-rules.ts';
import type { HeaderList } from '../http2/hpack/header-list.ts';
import { Owned, ownerOf } from './owned-names.ts';

/** The header list or the trailers of a request or a response, taken apart. A field that is missing is an empty string. */
export interface MessageHead {
  method: string;
  path: string;
  status: string;
  contentType: string;
  timeout: string;
  encoding: string;
  userAgent: string;
  grpcStatus: string;
  grpcMessage: string;
  metadata: Metadata;
}

const noMetadata: Metadata = [];

/** Takes a list apart, once for each list. It breaks no rule of HTTP/2. */
export function parseHead(list: HeaderList): MessageHead {
  list.parsed ??= takeApart(list);
  return list.parsed as MessageHead;
}

function takeApart(list: HeaderList): MessageHead {
  const head: MessageHead = {
    method: '',
    path: '',
    status: '',
    contentType: '',
    timeout: '',
    encoding: '',
    userAgent: '',
    grpcStatus: '',
    grpcMessage: '',
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
      else if (mark & Mark.Status) head.status = value;
      continue;
    }
    switch (ownerOf(name)) {
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
      case Owned.GrpcStatus:
        head.grpcStatus = value;
        break;
      case Owned.GrpcMessage:
        head.grpcMessage = value;
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
