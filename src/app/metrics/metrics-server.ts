import type { Server } from 'node:net';
import { Level } from '../../base/log-level.ts';
import type { Logger } from '../../base/logger.ts';
import type { MetricsSource } from './metrics.ts';
import { type HttpAnswer, oneAnswerHttp, plain } from './one-answer-http.ts';

/** How long until a port that cannot be had is tried again, in ms: first, and at most. */
const FIRST_WAIT = 1_000;
const LONGEST_WAIT = 60_000;

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
  const server = oneAnswerHttp((method, path) => answer(method, path, metrics, log));
  const place = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  let timer: NodeJS.Timeout | undefined;
  let wait = FIRST_WAIT;
  let complained = false;
  const listen = async () => {
    try {
      await listenOn(server, host, port);
      log.info(Level.State, `serving metrics on http://${place}/metrics`);
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
      server.closeAll();
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

async function answer(method: string, path: string, metrics: MetricsSource, log: Logger): Promise<HttpAnswer> {
  if (path !== '/metrics') return plain(404, 'metrics are at /metrics\n');
  if (method !== 'GET' && method !== 'HEAD') return plain(405, 'only GET\n', ['allow: GET, HEAD']);
  try {
    return { status: 200, ...(await metrics.render()) };
  } catch (fault) {
    log.error(`cannot write the metrics: ${String(fault)}`);
    return plain(500, 'cannot write the metrics; see the log\n');
  }
}
