import { access, constants, lstat, unlink } from 'node:fs/promises';
import { connect, type Server } from 'node:net';
import { dirname } from 'node:path';

/** Root and its group: a process that can open the socket controls the node. */
const MODE = 0o660;

/** Linux's sockaddr_un: 108 bytes with the closing zero. */
const MAX_PATH = 107;

const IN_USE = 'already in use; stop the process that listens there';

/** A socket path on which the proxy cannot listen. The message has the cause and the remedy. */
export class SocketFileError extends Error {}

/**
 * Removes the file of a dead socket at `path`. Throws a SocketFileError for a socket on which a process listens, and for a file that is
 * not a socket.
 */
export async function clearSocketFile(path: string): Promise<void> {
  if (Buffer.byteLength(path) > MAX_PATH) {
    throw new SocketFileError(`a socket path is at most ${MAX_PATH} bytes long; choose a shorter one`);
  }
  await checkFolder(dirname(path));
  const found = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw new SocketFileError(error.message);
  });
  if (found === undefined) return;
  if (!found.isSocket()) throw new SocketFileError('there is a file there that is not a socket; move it away');
  if (await isLive(path)) throw new SocketFileError(IN_USE);
  await unlink(path);
}

async function checkFolder(folder: string): Promise<void> {
  await access(folder, constants.W_OK | constants.X_OK).catch((error: NodeJS.ErrnoException) => {
    throw new SocketFileError(
      error.code === 'ENOENT' || error.code === 'ENOTDIR'
        ? `there is no folder ${folder}; create it, or choose another path`
        : `cannot write in ${folder} (${error.code}); run criproxy as root, or choose another path`,
    );
  });
}

/** The backlog: the kernel cuts it to net.core.somaxconn. */
const BACKLOG = 4096;

/** Makes `server` accept the connections of a socket that listens already. Its file belongs to systemd and stays when the server closes. */
export function listenOnInherited(server: Server, fd: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', error => reject(new SocketFileError(error.message)));
    server.listen({ fd, backlog: BACKLOG }, resolve);
  });
}

/** Makes `server` listen at `path`. The socket has its mode from its first moment. Rejects with a SocketFileError. */
export function listenOn(server: Server, path: string, mode = MODE): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(new SocketFileError(error.code === 'EADDRINUSE' ? IN_USE : error.message)),
    );
    const mask = process.umask(0o777 & ~mode);
    server.listen(path, resolve);
    process.umask(mask);
  });
}

function isLive(path: string): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    // Any error other than a refusal can mean that a process listens there.
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'ECONNREFUSED'));
  });
}
