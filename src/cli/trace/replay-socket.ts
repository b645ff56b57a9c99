import { knownRuntimes } from '../../setup/primary.ts';
import { isSameSocket } from '../../transport/sockets/same-socket.ts';

/** Sockets behind which a node works, so that tests have no business there. */
const inUse = ['/run/criproxy.sock', ...Object.values(knownRuntimes).map(({ socket }) => socket)];

/** Whether a node works behind a socket, by any path of the socket. */
export function isInUse(socket: string, known: readonly string[] = inUse): boolean {
  return known.some(each => isSameSocket(each, socket));
}
