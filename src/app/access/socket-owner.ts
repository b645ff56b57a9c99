import { constants } from 'node:fs';
import { chmod, chown, type FileHandle, open } from 'node:fs/promises';
import { SocketFileError } from '../../transport/sockets/socket-file.ts';

/** Owner and mode of a socket. */
export interface SocketOwner {
  /** Permission bits. */
  readonly mode: number;
  /** The id of the group. */
  readonly group: number;
  /** The group as the configuration has it; undefined where the configuration has none. */
  readonly groupName: string | undefined;
}

const PERMISSIONS = 0o777;

/** Opens a file for its attributes alone: open(2). Node.js has no name for it. */
const O_PATH = 0o10000000;

/**
 * Gives a socket file its group, then its mode, so that a group never has more than it should. The path is looked up once, and a link
 * is not followed: a user who may write in the folder must not make this another file. Rejects with a SocketFileError.
 */
export async function setOwner(path: string, owner: SocketOwner): Promise<void> {
  const file = await open(path, O_PATH | constants.O_NOFOLLOW).catch((fault: NodeJS.ErrnoException) => {
    throw new SocketFileError(`its file cannot be opened (${fault.code})`);
  });
  try {
    if (!(await file.stat()).isSocket()) throw new SocketFileError('its file was replaced; use a folder of root');
    await setOwnerOf(file, owner);
  } finally {
    await file.close();
  }
}

async function setOwnerOf(file: FileHandle, { mode, group, groupName }: SocketOwner): Promise<void> {
  const path = `/proc/self/fd/${file.fd}`;
  try {
    const found = await file.stat();
    if (found.gid !== group) {
      await chmod(path, found.mode & 0o700);
      await chown(path, found.uid, group);
    }
    if (((await file.stat()).mode & PERMISSIONS) !== mode) await chmod(path, mode);
  } catch (fault) {
    const bits = mode.toString(8).padStart(4, '0');
    const name = groupName ?? String(group);
    throw new SocketFileError(
      `mode ${bits} and group ${name} cannot be given to it (${(fault as NodeJS.ErrnoException).code}); ` +
        `let a socket unit make it, with SocketMode=${bits} and SocketGroup=${name}`,
    );
  }
}
