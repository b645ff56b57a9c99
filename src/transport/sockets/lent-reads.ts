import type { OnReadOpts } from 'node:net';
import type { Duplex } from 'node:stream';

/** Takes the bytes that a socket has read, lent for the call. */
export type Receive = (chunk: Buffer) => void;

/** What one read can bring: more than the kernel holds for a unix socket by default would be of no use. */
const readSize = 128 * 1024;

/** One buffer for all sockets, since each read is dealt with before the next: else each leaves 64 KiB of garbage. */
const buffer = Buffer.allocUnsafeSlow(readSize);

/** Options of net.connect with which the socket lends what it reads to what `receive` gives. */
export function lending(receive: () => Receive): OnReadOpts {
  return {
    buffer,
    callback: length => {
      receive()(buffer.subarray(0, length));
      return true;
    },
  };
}

/** What Node has on a socket that `onread` was given for; see lib/net.js and lib/internal/stream_base_commons.js. */
interface Insides {
  _handle?: { useUserBuffer?(buffer: Buffer): void } | null;
  [name: symbol]: unknown;
}

/**
 * Has a socket that a server has just accepted lend what it reads; true if it does. net.Server has no option for it, so it is done
 * with what net.connect sets for its own. Where Node has other insides, and for any other Duplex, `data` events bring the bytes.
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
