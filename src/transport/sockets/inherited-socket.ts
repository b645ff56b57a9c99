import { readFileSync, readlinkSync } from 'node:fs';
import { isSameSocket } from './same-socket.ts';
import { SocketFileError } from './socket-file.ts';

/** A line of /proc/net/unix about a listening stream socket: __SO_ACCEPTCON and SOCK_STREAM. */
const LISTENING_STREAM = /^\S+ \S+ \S+ 00010000 0001 /;

/** A line about a datagram socket: SOCK_DGRAM. */
const DATAGRAM = /^\S+ \S+ \S+ \S+ 0002 /;

/** The first file descriptor in the list that is a datagram socket of the unix family. */
export function findDatagram(fds: readonly number[]): number | undefined {
  return fds.find(isDatagram);
}

function isDatagram(fd: number): boolean {
  const line = lineOf(fd);
  return line !== undefined && DATAGRAM.test(line);
}

/**
 * The file descriptor in the list that listens at `path`; undefined if there is none, and all others are datagram sockets or listen at
 * one of the `known` paths. Throws a SocketFileError for any other one: its clients would wait for ever.
 */
export function findInherited(fds: readonly number[], path: string, known: readonly string[] = []): number | undefined {
  const places = fds.filter(fd => !isDatagram(fd)).map(fd => ({ fd, place: placeOf(fd) }));
  const found = places.find(({ place }) => place !== undefined && isSameSocket(place, path));
  if (found !== undefined) return found.fd;
  for (const { fd, place } of places) {
    if (place === undefined) {
      throw new SocketFileError(
        `systemd hands over file descriptor ${fd}, which does not listen on a unix stream socket; ` +
          `give the socket unit one ListenStream=${path}`,
      );
    }
    if (known.some(each => isSameSocket(place, each))) continue;
    throw new SocketFileError(
      `the socket unit listens at ${place}; make both the same: ListenStream=${path} in the socket unit ` +
        `(systemctl edit criproxy.socket), or -listen ${place}`,
    );
  }
  return undefined;
}

/** The file descriptors of the list that listen on unix stream sockets, with their paths. */
export function listeningSockets(fds: readonly number[]): { readonly fd: number; readonly path: string }[] {
  return fds.flatMap(fd => {
    const path = placeOf(fd);
    return path === undefined ? [] : { fd, path };
  });
}

/** The path that a file descriptor listens at; undefined if it does not listen. */
function placeOf(fd: number): string | undefined {
  const line = lineOf(fd);
  return line !== undefined && LISTENING_STREAM.test(line) ? /^(?:\S+ +){7}(\/.*)$/.exec(line)?.[1] : undefined;
}

/** The line of /proc/net/unix about a file descriptor; undefined if it is not a socket of the unix family. */
function lineOf(fd: number): string | undefined {
  try {
    const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/self/fd/${fd}`))?.[1];
    const lines = readFileSync('/proc/net/unix', 'utf8').split('\n');
    return inode === undefined ? undefined : lines.find(text => text.split(/ +/)[6] === inode);
  } catch {
    return undefined;
  }
}
