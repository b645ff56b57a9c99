import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AdminLimits, adminLimits } from '../../src/admin/admin-limits.ts';
import type { AdminRoute } from '../../src/admin/admin-route.ts';
import { type AdminServer, serveAdmin } from '../../src/admin/admin-server.ts';
import { listenOn } from '../../src/transport/sockets/socket-file.ts';

export interface AdminLab {
  readonly path: string;
  readonly server: AdminServer;
  readonly listener: Server;
  /** Warnings that the server has given. */
  readonly warnings: string[];
  stop(): Promise<void>;
}

/** An admin server of these routes in a folder of its own. */
export async function startAdmin(routes: readonly AdminRoute[], limits: Partial<AdminLimits> = {}): Promise<AdminLab> {
  const folder = mkdtempSync(join(tmpdir(), 'criproxy-admin-'));
  const path = join(folder, 'admin.sock');
  const warnings: string[] = [];
  const note = (message: string) => void warnings.push(message);
  const log = { enabled: () => false, info: () => {}, warn: note, error: note };
  const listener = createServer({ allowHalfOpen: true });
  const server = serveAdmin(listener, routes, log, { ...adminLimits, ...limits });
  await listenOn(listener, path);
  return {
    path,
    server,
    listener,
    warnings,
    async stop() {
      if (listener.listening) await server.close(0);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
