import { Flag, FrameType, frameHeaderSize, preface } from '../../../src/transport/http2/frames/frame.ts';

/** The bytes of a frame. */
export function frame(type: number, flags: number, streamId: number, payload: Buffer | string = ''): Buffer {
  const body = Buffer.from(payload as string, 'latin1');
  const head = Buffer.alloc(frameHeaderSize);
  head.writeUIntBE(body.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(streamId, 5);
  return Buffer.concat([head, body]);
}

export type Field = readonly [name: string, value: string];

/** A header block of literals without indexing and without Huffman code. It needs no state. */
export function block(fields: readonly Field[]): Buffer {
  return Buffer.concat(fields.flatMap(([name, value]) => [Buffer.from([0]), text(name), text(value)]));
}

function text(value: string): Buffer {
  const octets = Buffer.from(value, 'latin1');
  if (octets.length < 127) return Buffer.concat([Buffer.from([octets.length]), octets]);
  const length = [127];
  let rest = octets.length - 127;
  for (; rest >= 128; rest >>>= 7) length.push((rest & 127) | 128);
  return Buffer.concat([Buffer.from([...length, rest]), octets]);
}

export const noSettings = frame(FrameType.Settings, 0, 0);

/** The first bytes of a client. */
export const hello = Buffer.concat([preface, noSettings]);

/** The fields of a gRPC request. `more` replaces or adds fields. */
export function requestFields(path: string, more: Record<string, string> = {}): Field[] {
  const fields = {
    ':method': 'POST',
    ':scheme': 'http',
    ':path': path,
    ':authority': 'localhost',
    'content-type': 'application/grpc',
    te: 'trailers',
    ...more,
  };
  return Object.entries(fields);
}

/** The header list of a gRPC response, and the trailers of the status OK. */
export const responseFields: readonly Field[] = [
  [':status', '200'],
  ['content-type', 'application/grpc'],
];
export const okFields: readonly Field[] = [['grpc-status', '0']];

export function headers(streamId: number, fields: readonly Field[], flags: number = Flag.EndHeaders): Buffer {
  return frame(FrameType.Headers, flags, streamId, block(fields));
}

/** A header list in frames of 16 KiB, HEADERS and CONTINUATION; it ends the stream. */
export function longHeaders(streamId: number, fields: readonly Field[]): Buffer[] {
  const octets = block(fields);
  const size = 16_384;
  const parts: Buffer[] = [];
  for (let at = 0; at < octets.length; at += size) {
    const last = at + size >= octets.length ? Flag.EndHeaders : 0;
    const type = at === 0 ? FrameType.Headers : FrameType.Continuation;
    parts.push(frame(type, at === 0 ? last | Flag.EndStream : last, streamId, octets.subarray(at, at + size)));
  }
  return parts;
}

/** A gRPC message with its prefix. */
export function message(body: Buffer | string, flag = 0): Buffer {
  const octets = Buffer.from(body as string, 'latin1');
  const prefix = Buffer.alloc(5);
  prefix[0] = flag;
  prefix.writeUInt32BE(octets.length, 1);
  return Buffer.concat([prefix, octets]);
}

export function data(streamId: number, payload: Buffer | string, flags: number = Flag.EndStream): Buffer {
  return frame(FrameType.Data, flags, streamId, payload);
}

export function uint32(value: number): Buffer {
  const octets = Buffer.alloc(4);
  octets.writeUInt32BE(value);
  return octets;
}

export const ping = frame(FrameType.Ping, 0, 0, '12345678');
export const end = Flag.EndStream;
export const endHeaders = Flag.EndHeaders;
export const whole = Flag.EndHeaders | Flag.EndStream;
