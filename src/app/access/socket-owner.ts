import { chmod, chown, stat } from 'node:fs/promises';
import { SocketFileError } from '../../transport/sockets/socket-file.ts';

/** Owner and mode of a socket. `mode`: permission bits. `group`: its id; undefined: the group of the process. */
export interface SocketOwner {
  readonly mode: number;
  readonly group: number | undefined;
}

const PERMISSIONS = 0o777;

/** Gives a socket file its group, then its mode, so that a group never has more than it should. Rejects with a SocketFileError. */
export async function setOwner(path: string, { mode, group }: SocketOwner): Promise<void> {
  try {
    const found = await stat(path);
    if (group !== undefined && found.gid !== group) {
      await chmod(path, found.mode & 0o700);
      await chown(path, found.uid, group);
    }
    if (((await stat(path)).mode & PERMISSIONS) !== mode) await chmod(path, mode);
  } catch (fault) {
    const [bits, id] = [mode.toString(8).padStart(4, '0'), group === undefined ? '' : ` and group ${group}`];
    throw new SocketFileError(
      `mode ${bits}${id} cannot be given to it (${(fault as NodeJS.ErrnoException).code}); ` +
        `let a socket unit make it, with SocketMode=${bits}${group === undefined ? '' : ' and SocketGroup='}`,
    );
  }
}
