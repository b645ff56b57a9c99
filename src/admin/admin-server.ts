import type { Server as HttpServer } from 'node:http';
import type { Server, Socket } from 'node:net';
import type { Logger } from '../base/logger.ts';
import { type AdminLimits, adminLimits } from './admin-limits.ts';
import type { AdminRoute } from './admin-route.ts';

export interface AdminServer {
  /** Takes no more connections, and ends the present ones: at once without a request on it, else within the grace (ms). */
  close(graceMs: number): Promise<void>;
}

/** The answer to a connection over the limit; made by hand, since the limit is on HTTP's own work too. */
const BUSY = JSON.stringify({ error: 'too many connections to the admin socket; close some, or try again' });
const BUSY_ANSWER = [
  'HTTP/1.1 503 Service Unavailable',
  'Content-Type: application/json',
  `Content-Length: ${BUSY.length}`,
  'Connection: close',
  '',
  BUSY,
].join('\r\n');

/**
 * Serves routes over HTTP/1.1, one request a connection, on a server that is listening or about to. Node's HTTP server, and all
 * that it takes, is loaded for the first connection.
 */
export function serveAdmin(
  server: Server,
  routes: readonly AdminRoute[],
  log: Logger,
  limits: AdminLimits = adminLimits,
): AdminServer {
  const sockets = new Map<Socket, { isAsked: boolean; timer: NodeJS.Timeout | undefined }>();
  const stopping = new AbortController();
  let http: Promise<HttpServer> | undefined;

  // Node applies its own time limits only to a server that listens itself.
  const allow = (socket: Socket, ms: number | undefined) => {
    const connection = sockets.get(socket);
    if (connection === undefined) return;
    clearTimeout(connection.timer);
    connection.timer = ms === undefined ? undefined : setTimeout(() => socket.destroy(), ms).unref();
  };
  const startHttp = async (): Promise<HttpServer> => {
    const { createServer } = await import('node:http');
    const { answer } = await import('./admin-answer.ts');
    return createServer({ maxHeaderSize: 16 * 1024 }, (request, response) => {
      const connection = sockets.get(request.socket);
      if (connection !== undefined) connection.isAsked = true;
      void answer(request, response, { routes, limits, log, stopping: stopping.signal, allow });
    });
  };
  // An error of accept is about one connection.
  server.on('error', () => {});
  server.on('connection', (socket: Socket) => {
    // An error is followed by close, which is all that matters.
    socket.on('error', () => {});
    if (sockets.size >= limits.connections) {
      socket.resume().end(BUSY_ANSWER, () => socket.destroy());
      return;
    }
    sockets.set(socket, { isAsked: false, timer: undefined });
    socket.once('close', () => {
      allow(socket, undefined);
      sockets.delete(socket);
    });
    allow(socket, limits.request);
    http ??= startHttp();
    http.then(
      ready => ready.emit('connection', socket),
      fault => {
        http = undefined;
        log.error(`the admin API cannot be served: ${String(fault)}`);
        socket.destroy();
      },
    );
  });

  return {
    async close(graceMs) {
      const closed = new Promise<void>(resolve => server.close(() => resolve()));
      stopping.abort();
      for (const [socket, { isAsked }] of sockets) if (!isAsked) socket.destroy();
      const timer = setTimeout(() => {
        for (const socket of sockets.keys()) socket.destroy();
      }, graceMs);
      await closed;
      clearTimeout(timer);
    },
  };
}
