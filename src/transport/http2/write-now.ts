import { writeSync, writevSync } from 'node:fs';
import type { Duplex } from 'node:stream';

/**
 * The descriptor of a unix socket that may be written to at once, past the machinery of its stream, which costs more than the system
 * call; -1 if the stream has to do it: while it holds something itself, and for a Duplex that is no socket. Look it up for each
 * write: a descriptor that is closed may be another connection's by now.
 */
function descriptorOf(socket: Duplex): number {
  if (socket.writableLength > 0 || !socket.writable) return -1;
  return (socket as { _handle?: { fd?: number } | null })._handle?.fd ?? -1;
}

/**
 * Writes [start, end) of `from` to the socket, as much as the kernel takes now. The number of octets: 0 too if the socket is full or
 * broken, of which its stream tells when it is given the rest.
 */
export function writeNow(socket: Duplex, from: Buffer, start: number, end: number): number {
  const fd = descriptorOf(socket);
  if (fd < 0) return 0;
  try {
    return writeSync(fd, from, start, end - start);
  } catch {
    return 0;
  }
}

/** As writeNow, for several pieces. */
export function writeAllNow(socket: Duplex, pieces: readonly Buffer[]): number {
  const fd = descriptorOf(socket);
  if (fd < 0) return 0;
  try {
    return writevSync(fd, pieces);
  } catch {
    return 0;
  }
}
