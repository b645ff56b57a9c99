import type { Prefix } from '../../http2/sender.ts';

/** Bytes in front of each message: the flag of compression and the length (grpc doc/PROTOCOL-HTTP2.md). */
export const prefixSize = 5;

/** The prefix of messages that are sent, which are not compressed. */
export const messagePrefix: Prefix = {
  size: prefixSize,
  byteAt: (position, length) => (position === 0 ? 0 : length >>> (8 * (4 - position))),
};
