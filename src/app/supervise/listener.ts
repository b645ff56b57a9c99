import type { Server } from 'node:net';
import { findInherited } from '../../transport/sockets/inherited-socket.ts';
import { clearSocketFile, listenOn, listenOnInherited } from '../../transport/sockets/socket-file.ts';

/** A socket for clients, at a path. */
export interface Listener {
  /** systemd has it, and keeps it over a restart: clients wait then. */
  readonly isInherited: boolean;
  /** The inherited file descriptors that are others' sockets. */
  readonly inherited: readonly number[];
  /** Rejects with a SocketFileError. */
  listen(server: Server): Promise<void>;
}

/**
 * The socket at `path`: one of these inherited file descriptors, else one of the proxy's own, for which way is made. `others`: sockets
 * that may be inherited, too. Throws a SocketFileError.
 */
export async function openListener(
  path: string,
  inherited: readonly number[],
  others: ReadonlyArray<{ readonly path: string }> = [],
): Promise<Listener> {
  const fd = findInherited(
    inherited,
    path,
    others.map(each => each.path),
  );
  const rest = inherited.filter(each => each !== fd);
  if (fd !== undefined) {
    return { isInherited: true, inherited: rest, listen: server => listenOnInherited(server, fd) };
  }
  await clearSocketFile(path);
  return { isInherited: false, inherited: rest, listen: server => listenOn(server, path) };
}
