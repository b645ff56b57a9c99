import type { OnReadOpts } from 'node:net';
import type { Duplex } from 'node:stream';

/** Takes the bytes that a socket has read. They are lent for the call. */
export type Receive = (chunk: Buffer) => void;

/** The most bytes of one read. The kernel holds no more for a unix socket by default. */
const readSize = 128 * 1024;

/** One buffer for all sockets, since each read is processed before the next. A buffer for each read would leave 64 KiB of garbage. */
const buffer = Buffer.allocUnsafeSlow(readSize);

/** Options of net.connect with which the socket lends its reads to the function that `receive` returns at that time. */
export function lending(receive: () => Receive): OnReadOpts {
  return {
    buffer,
    callback: length => {
      receive()(buffer.subarray(0, length));
      return true;
    },
  };
}

/** Node's internal properties of a socket with `onread`; see lib/net.js and lib/internal/stream_base_commons.js. */
interface Insides {
  _handle?: { useUserBuffer?(buffer: Buffer): void } | null;
  [name: symbol]: unknown;
}

/**
 * Makes a socket that a server has just accepted lend its reads; true if it does. net.Server has no option for this, so the function
 * sets the internal properties that net.connect sets. If Node has other internals, or for any other Duplex, `data` events bring the
 * bytes.
 */
export function lendReads(socket: Duplex, receive: Receive): boolean {
  const insides = socket as unknown as Insides;
  const symbols = Object.getOwnPropertySymbols(socket);
  const find = (name: string) => symbols.find(({ description }) => description === name);
  const [bufferAt, callbackAt] = [find('kBuffer'), find('kBufferCb')];
  const handle = insides._handle;
  if (bufferAt === undefined || callbackAt === undefined || typeof handle?.useUserBuffer !== 'function') {
    socket.on('data', receive);
    return false;
  }
  const options = lending(() => receive);
  insides[bufferAt] = options.buffer;
  insides[callbackAt] = options.callback;
  handle.useUserBuffer(buffer);
  return true;
}
