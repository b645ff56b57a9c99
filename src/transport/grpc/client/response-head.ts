import type { Metadata } from '../../../base/call.ts';
import { Mark } from '../../http2/header-rules.ts';
import type { HeaderList } from '../../http2/hpack/header-list.ts';
import { Owned, ownerOf } from '../owned-names.ts';

/** A response's header list or trailers, taken apart. Empty strings stand for what was not there. */
export interface ResponseHead {
  status: string;
  contentType: string;
  encoding: string;
  grpcStatus: string;
  grpcMessage: string;
  metadata: Metadata;
}

const noMetadata: Metadata = [];

/** Takes a header list or trailers of a response apart, once for each list. The list is not malformed. */
export function parseResponseHead(list: HeaderList): ResponseHead {
  list.parsed ??= takeApart(list);
  return list.parsed as ResponseHead;
}

function takeApart(list: HeaderList): ResponseHead {
  const head = {
    status: '',
    contentType: '',
    encoding: '',
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
      if (mark & Mark.Status) head.status = value;
      continue;
    }
    const owner = ownerOf(name);
    switch (owner) {
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
      case Owned.Metadata:
        metadata ??= [];
        metadata.push([name, value]);
        break;
    }
  }
  if (metadata !== undefined) head.metadata = metadata;
  return head;
}
