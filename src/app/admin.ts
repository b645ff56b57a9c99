import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname } from 'node:path';
import type { AdminRoute } from '../admin/admin-route.ts';
import { type AdminServer, serveAdmin } from '../admin/admin-server.ts';
import { Level } from '../base/log-level.ts';
import type { Logger } from '../base/logger.ts';
import { clearSocketFile, listenOn } from '../transport/sockets/socket-file.ts';

/**
 * Serves the admin API at a path. The proxy works without it, so there is only a warning for a socket that cannot be opened: undefined
 * then, as where no path is given.
 */
export async function openAdmin(
  path: string | undefined,
  routes: readonly AdminRoute[],
  log: Logger,
): Promise<AdminServer | undefined> {
  if (path === undefined) {
    log.info(Level.Detail, 'no admin socket: there is no -stateDir, and -adminSocket names none');
    return undefined;
  }
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o750 });
    await clearSocketFile(path);
    // The HTTP server that gets the connections expects to answer a client that has sent all it has to say.
    const socket = createServer({ allowHalfOpen: true });
    const server = serveAdmin(socket, routes, log);
    await listenOn(socket, path);
    log.info(Level.Detail, `serving the admin API on ${path}`);
    return server;
  } catch (fault) {
    const reason = (fault as Error).message;
    log.warn(`no admin socket at ${path}: ${reason}; criproxy status and the like will not work (see -adminSocket)`);
    return undefined;
  }
}
