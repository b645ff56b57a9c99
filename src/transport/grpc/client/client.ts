import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { Code } from '../../../base/codes.ts';
import { ProxyError } from '../../../base/error.ts';
import { type ReportFault, throwFault } from '../../../base/own-fault.ts';
import { CallsWaiting } from '../../calls-waiting.ts';
import { type Limits, runtimeLimits } from '../../http2/limits.ts';
import type { Dial, Session } from '../../session.ts';
import { lending, type Receive } from '../../sockets/lent-reads.ts';
import { ClientSession } from './client-session.ts';

export interface DialOptions {
  /** The user-agent of all calls. */
  readonly userAgent?: string;
  readonly limits?: Partial<Limits>;
  /** Takes the faults of this program that end one connection. Without it they are thrown. */
  readonly report?: ReportFault;
}

/** Makes a Dial with options. */
export function makeDial(options: DialOptions): Dial {
  return async (path, timeout, counts) => {
    let receive: Receive = () => {};
    const socket = connect({ path, onread: lending(() => receive) });
    const timer = setTimeout(() => socket.destroy(lateError(path, timeout)), timeout);
    try {
      await connected(socket);
      const listen = (to: Receive) => {
        receive = to;
      };
      return await openSession(socket, options, listen, counts);
    } finally {
      clearTimeout(timer);
    }
  };
}

/** Opens a session on a connected socket, whose bytes come through `listen`. Rejects if the peer is not an HTTP/2 server. */
export async function openSession(
  socket: Duplex,
  options: DialOptions,
  listen: (receive: Receive) => void = receive => socket.on('data', receive),
  counts = new CallsWaiting('the runtime'),
): Promise<Session> {
  const limits = { ...runtimeLimits, ...options.limits };
  const { userAgent = 'criproxy', report = throwFault } = options;
  const session = new ClientSession(socket, limits, userAgent, listen, counts, report);
  const failed = await Promise.race([session.ready, session.closed]);
  if (failed !== undefined) throw new ProxyError(Code.Unavailable, `no HTTP/2 connection: ${failed}`);
  return session;
}

function connected(socket: Duplex): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('connect', () => {
      socket.removeListener('error', reject);
      resolve();
    });
    socket.once('error', reject);
  });
}

function lateError(path: string, timeout: number): ProxyError {
  return new ProxyError(Code.Unavailable, `${path} does not answer within ${timeout} ms`);
}
