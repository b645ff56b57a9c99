import type { Server, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Service } from '../../../base/call.ts';
import { Code } from '../../../base/codes.ts';
import { ProxyError } from '../../../base/error.ts';
import { MemoryAccount } from '../../../base/memory-account.ts';
import { type ReportFault, throwFault } from '../../../base/own-fault.ts';
import { defaultLimits, type Limits } from '../../http2/limits.ts';
import type { GrpcServer } from '../../server-port.ts';
import { ServerConnection } from './server-connection.ts';

export interface ServeOptions {
  readonly limits?: Partial<Limits>;
  /** The memory of all clients' messages. Without it each client has its own limit only. */
  readonly held?: MemoryAccount;
  /** Takes the faults of this program that end one connection or one call. Without it they are thrown. */
  readonly report?: ReportFault;
}

/**
 * Serves gRPC on a server that listens already or will listen. `close` closes that server too, at once for new connections. A unary
 * call in flight may finish within the grace; a stream ends with Unavailable.
 */
export function serve(server: Server, service: Service, options: ServeOptions = {}): GrpcServer {
  const limits = { ...defaultLimits, ...options.limits };
  const held = options.held ?? new MemoryAccount(Number.POSITIVE_INFINITY);
  const report = options.report ?? throwFault;
  const connections = new Set<ServerConnection>();
  let sweeper: NodeJS.Timeout | undefined;

  function sweep(): void {
    const now = performance.now();
    for (const connection of connections) connection.sweep(now);
  }
  function accept(socket: Duplex): void {
    sweeper ??= setInterval(sweep, limits.sweepInterval).unref();
    const connection = new ServerConnection(socket, service, limits, held, report);
    connections.add(connection);
    socket.once('close', () => {
      connections.delete(connection);
      if (connections.size > 0) return;
      clearInterval(sweeper);
      sweeper = undefined;
    });
  }
  // An error of accept (out of memory, of files, or a refusal of the kernel) is about one connection.
  server.on('error', () => {});
  server.on('connection', (socket: Socket) => {
    try {
      accept(socket);
    } catch (fault) {
      report(fault, 'client connection');
      socket.destroy();
    }
  });

  return {
    get connections() {
      return connections.size;
    },
    async close(graceMs) {
      const closed = new Promise<void>(resolve => server.close(() => resolve()));
      for (const connection of connections) connection.shutDown(new ProxyError(Code.Unavailable, 'shutting down'));
      const timer = setTimeout(() => {
        for (const connection of connections) connection.destroy('shutting down');
      }, graceMs);
      await closed;
      clearTimeout(timer);
    },
  };
}
