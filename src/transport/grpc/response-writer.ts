import type { Metadata } from '../../base/call.ts';
import type { Code } from '../../base/codes.ts';
import type { Connection } from '../http2/connection.ts';
import { entryOverhead } from '../http2/dynamic-table.ts';
import type { Stream } from '../http2/stream.ts';
import { encodeMessage } from './status.ts';

/** The header list that precedes a reply's messages. */
export function writeHeaders(connection: Connection, stream: Stream, headers: Metadata): void {
  beginResponse(connection);
  addAll(connection, headers);
  connection.sendHeaders(stream, false);
}

/** The status that ends a call: trailers behind headers, else all in one (grpc doc/PROTOCOL-HTTP2.md, "Trailers-Only"). */
export function writeStatus(
  connection: Connection,
  stream: Stream,
  code: Code,
  message: string,
  trailers: Metadata,
  behindHeaders: boolean,
): void {
  const { encoder, peer } = connection;
  if (behindHeaders) encoder.begin();
  else beginResponse(connection);
  encoder.add('grpc-status', String(code), code === 0 ? 'indexed' : 'literal');
  if (peer.maxHeaderListSize === Number.POSITIVE_INFINITY) {
    if (message !== '') encoder.add('grpc-message', encodeMessage(message), 'literal');
    addAll(connection, trailers);
  } else {
    addWhatFits(connection, message, trailers);
  }
  connection.sendHeaders(stream, true);
}

/** An answer to what is no gRPC. */
export function writeHttpError(connection: Connection, stream: Stream, status: string): void {
  connection.encoder.begin();
  connection.encoder.add(':status', status, 'literal');
  connection.sendHeaders(stream, true);
}

function beginResponse({ encoder }: Connection): void {
  encoder.begin();
  encoder.add(':status', '200', 'literal');
  encoder.add('content-type', 'application/grpc', 'indexed');
}

function addAll({ encoder }: Connection, metadata: Metadata): void {
  for (const [name, value] of metadata) encoder.addMetadata(name, value);
}

/** A client would throw away the status with a list that is too large for it, so the message and the metadata give way. */
function addWhatFits(connection: Connection, message: string, trailers: Metadata): void {
  const { encoder, peer } = connection;
  const overhead = entryOverhead + 'grpc-message'.length;
  const room = peer.maxHeaderListSize - encoder.size;
  const encoded = encodeMessage(message);
  if (message !== '' && room > overhead) encoder.add('grpc-message', encoded.slice(0, room - overhead), 'literal');
  for (const [name, value] of trailers) {
    const size = name.length + value.length + entryOverhead;
    if (encoder.size + size <= peer.maxHeaderListSize) encoder.addMetadata(name, value);
  }
}
