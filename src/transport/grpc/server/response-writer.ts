import type { Metadata } from '../../../base/call.ts';
import { Code } from '../../../base/codes.ts';
import { ProxyError } from '../../../base/error.ts';
import type { Connection } from '../../http2/connection.ts';
import { entryOverhead } from '../../http2/hpack/dynamic-table.ts';
import { SharedFields } from '../../http2/hpack/shared-fields.ts';
import type { Stream } from '../../http2/stream.ts';
import { encodeMessage } from '../status.ts';

/** The largest trailers for a client without a limit: grpc-go's clients accept 16 MiB (defaultClientMaxHeaderListSize). */
const MOST = 15 * 1024 * 1024;

/** Writes the headers and trailers of one connection's responses. */
export class ResponseWriter {
  private readonly connection: Connection;
  private readonly head = new SharedFields(
    [':status', '200', 'literal'],
    ['content-type', 'application/grpc', 'indexed'],
  );
  private readonly ok = new SharedFields(['grpc-status', '0', 'indexed']);

  constructor(connection: Connection) {
    this.connection = connection;
  }

  /** Writes the header list before a reply's messages; false if it would be too much for now. */
  headers(stream: Stream, headers: Metadata): boolean {
    if (!this.hasRoom(headers)) return false;
    const { encoder } = this.connection;
    encoder.begin();
    this.head.addTo(encoder);
    for (const [name, value] of headers) encoder.addMetadata(name, value);
    this.connection.sendHeaders(stream, false);
    return true;
  }

  /** Writes the status that ends a call: trailers after headers, or all in one list (grpc doc/PROTOCOL-HTTP2.md, "Trailers-Only"). */
  status(stream: Stream, code: Code, message: string, trailers: Metadata, behindHeaders: boolean): void {
    const { encoder, output, peer } = this.connection;
    encoder.begin();
    if (!behindHeaders) this.head.addTo(encoder);
    if (code === 0) this.ok.addTo(encoder);
    else encoder.add('grpc-status', String(code), 'literal');
    this.addWhatFits(Math.min(peer.maxHeaderListSize, MOST, output.headerRoom), message, trailers);
    this.connection.sendHeaders(stream, true);
  }

  /** Answers a request that is not gRPC. */
  httpError(stream: Stream, status: string): void {
    const { encoder } = this.connection;
    encoder.begin();
    encoder.add(':status', status, 'literal');
    this.connection.sendHeaders(stream, true);
  }

  /** Whether a header list with this metadata may be written now. */
  private hasRoom(headers: Metadata): boolean {
    if (headers.length === 0) return true;
    const size = headers.reduce((sum, [name, value]) => sum + name.length + value.length + entryOverhead, 0);
    return size <= this.connection.output.headerRoom;
  }

  /** A client would discard the status with a list that is too large, so the message is cut, and metadata are left out. */
  private addWhatFits(most: number, message: string, trailers: Metadata): void {
    const { encoder } = this.connection;
    const overhead = entryOverhead + 'grpc-message'.length;
    const room = most - encoder.size - overhead;
    if (message !== '' && room > 0) encoder.add('grpc-message', encodeMessage(message, room), 'literal');
    for (const [name, value] of trailers) {
      const size = name.length + value.length + entryOverhead;
      if (encoder.size + size <= most) encoder.addMetadata(name, value);
    }
  }
}

/** The error of an answer whose metadata is too much for now. */
export function tooManyHeaders(): ProxyError {
  return new ProxyError(Code.ResourceExhausted, 'criproxy: the client does not read the metadata of its answers');
}
