import { readFileSync, readlinkSync } from 'node:fs';
import { isSameSocket } from './same-socket.ts';
import { SocketFileError } from './socket-file.ts';

/** Of a stream socket that takes connections: __SO_ACCEPTCON and SOCK_STREAM in /proc/net/unix. */
const LISTENING_STREAM = /^\S+ \S+ \S+ 00010000 0001 /;

/**
 * The one of these file descriptors that listens at `path`; undefined if there are none. Throws a SocketFileError for one
 * that is anything else: its clients would wait for ever.
 */
export function findInherited(fds: readonly number[], path: string): number | undefined {
  let found: number | undefined;
  for (const fd of fds) {
    const place = placeOf(fd);
    if (place === undefined) {
      throw new SocketFileError(
        `systemd hands over file descriptor ${fd}, which does not listen on a unix stream socket; ` +
          `give the socket unit one ListenStream=${path}`,
      );
    }
    if (!isSameSocket(place, path)) {
      throw new SocketFileError(
        `the socket unit listens at ${place}; make both the same: ListenStream=${path} in the socket unit ` +
          `(systemctl edit criproxy.socket), or -listen ${place}`,
      );
    }
    found = fd;
  }
  return found;
}

/** The path that a file descriptor listens at; undefined if it does not. */
function placeOf(fd: number): string | undefined {
  try {
    const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/self/fd/${fd}`))?.[1];
    const lines = readFileSync('/proc/net/unix', 'utf8').split('\n');
    const line = lines.find(text => LISTENING_STREAM.test(text) && text.split(/ +/)[6] === inode);
    return line && /^(?:\S+ +){7}(\/.*)$/.exec(line)?.[1];
  } catch {
    return undefined;
  }
}
