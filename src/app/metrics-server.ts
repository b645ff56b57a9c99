import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Logger } from '../base/logger.ts';
import type { MetricsSource } from './metrics.ts';

/** How long until a port that cannot be had is tried again, in ms: first, and at most. */
const FIRST_WAIT = 1_000;
const LONGEST_WAIT = 60_000;

/** One Prometheus has one connection or two; whoever has dozens is no Prometheus. */
const MAX_CONNECTIONS = 32;

/** How long a client may take to ask, in ms. */
const REQUEST_TIMEOUT = 10_000;

export interface MetricsServer {
  stop(): Promise<void>;
}

/**
 * Serves GET /metrics over TCP, and nothing else. A port that cannot be had is no reason to keep pods from starting: it is
 * warned of, and tried again until it can.
 */
export async function openMetricsServer(
  { host, port }: { readonly host: string; readonly port: number },
  metrics: MetricsSource,
  log: Logger,
): Promise<MetricsServer> {
  const { createServer } = await import('node:http');
  const server = createServer(
    { requestTimeout: REQUEST_TIMEOUT, headersTimeout: REQUEST_TIMEOUT },
    (request, response) => void answer(request, response, metrics, log),
  );
  server.maxConnections = MAX_CONNECTIONS;
  const place = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  let timer: NodeJS.Timeout | undefined;
  let wait = FIRST_WAIT;
  let complained = false;
  const listen = async () => {
    try {
      await listenOn(server, host, port);
      log.info(0, `serving metrics on http://${place}/metrics`);
    } catch (fault) {
      if (!complained) log.warn(`no metrics on ${place}: ${explain(fault)}; trying again, and serving CRI meanwhile`);
      complained = true;
      timer = setTimeout(() => void listen(), wait).unref();
      wait = Math.min(wait * 2, LONGEST_WAIT);
    }
  };
  await listen();
  return {
    async stop() {
      clearTimeout(timer);
      server.closeAllConnections();
      await new Promise<void>(resolve => server.close(() => resolve()));
    },
  };
}

function listenOn(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.removeListener('error', reject);
      resolve();
    });
  });
}

function explain(fault: unknown): string {
  const { code, message } = fault as NodeJS.ErrnoException;
  switch (code) {
    case 'EADDRINUSE':
      return 'another program listens there (give -metrics another port, or stop that)';
    case 'EADDRNOTAVAIL':
      return 'the node has no such address (correct -metrics)';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'no such host (correct -metrics)';
    case 'EACCES':
      return 'no permission to listen there (give -metrics a port above 1023)';
    default:
      return message;
  }
}

async function answer(
  { method, url }: IncomingMessage,
  response: ServerResponse,
  metrics: MetricsSource,
  log: Logger,
): Promise<void> {
  const path = (url ?? '').split('?')[0];
  if (path !== '/metrics') {
    response.writeHead(404, { 'content-type': 'text/plain' }).end('metrics are at /metrics\n');
    return;
  }
  if (method !== 'GET' && method !== 'HEAD') {
    response.writeHead(405, { 'content-type': 'text/plain', allow: 'GET, HEAD' }).end('only GET\n');
    return;
  }
  try {
    const { type, text } = await metrics.render();
    response.writeHead(200, { 'content-type': type, 'content-length': Buffer.byteLength(text) });
    response.end(method === 'HEAD' ? undefined : text);
  } catch (fault) {
    log.error(`cannot write the metrics: ${String(fault)}`);
    response.writeHead(500, { 'content-type': 'text/plain' }).end('cannot write the metrics; see the log\n');
  }
}
