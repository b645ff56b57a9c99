/** Frame types (RFC 9113 section 6). */
export const FrameType = {
  Data: 0,
  Headers: 1,
  Priority: 2,
  RstStream: 3,
  Settings: 4,
  PushPromise: 5,
  Ping: 6,
  GoAway: 7,
  WindowUpdate: 8,
  Continuation: 9,
} as const;

const names = [
  'DATA',
  'HEADERS',
  'PRIORITY',
  'RST_STREAM',
  'SETTINGS',
  'PUSH_PROMISE',
  'PING',
  'GOAWAY',
  'WINDOW_UPDATE',
  'CONTINUATION',
];

/** The name of a frame type as the RFC writes it, or its number. */
export function frameName(type: number): string {
  return names[type] ?? `a frame of type ${type}`;
}

/** Frame flags (RFC 9113 section 6); Ack shares its bit with EndStream. */
export const Flag = { EndStream: 0x1, Ack: 0x1, EndHeaders: 0x4, Padded: 0x8, Priority: 0x20 } as const;

/** Octets of a frame header (RFC 9113 section 4.1). */
export const frameHeaderSize = 9;

/** The highest stream id, and the largest flow-control window (RFC 9113 sections 5.1.1 and 6.9.1). */
export const max31 = 0x7fffffff;

/** The first bytes of a client (RFC 9113 section 3.4). */
export const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

/** Writes a frame header (RFC 9113 section 4.1) of nine octets at `at`. */
export function writeFrameHeader(
  into: Buffer,
  at: number,
  length: number,
  type: number,
  flags: number,
  streamId: number,
): void {
  into[at] = length >>> 16;
  into[at + 1] = length >>> 8;
  into[at + 2] = length;
  into[at + 3] = type;
  into[at + 4] = flags;
  into[at + 5] = streamId >>> 24;
  into[at + 6] = streamId >>> 16;
  into[at + 7] = streamId >>> 8;
  into[at + 8] = streamId;
}

/** Reads a 31-bit number. The reserved highest bit is ignored. */
export function readUint31(from: Buffer, at: number): number {
  return ((from[at]! & 0x7f) << 24) | (from[at + 1]! << 16) | (from[at + 2]! << 8) | from[at + 3]!;
}
