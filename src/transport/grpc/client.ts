import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { Code } from '../../base/codes.ts';
import { ProxyError } from '../../base/error.ts';
import { defaultLimits, type Limits } from '../http2/limits.ts';
import type { Dial, Session } from '../session.ts';
import { ClientSession } from './client-session.ts';

export interface DialOptions {
  /** The user-agent of all calls. */
  readonly userAgent?: string;
  readonly limits?: Partial<Limits>;
}

/** A Dial with options. */
export function makeDial(options: DialOptions): Dial {
  return async (path, timeout) => {
    const socket = connect({ path });
    const timer = setTimeout(() => socket.destroy(lateError(path, timeout)), timeout);
    try {
      await connected(socket);
      return await openSession(socket, options);
    } finally {
      clearTimeout(timer);
    }
  };
}

export const dial: Dial = makeDial({});

/** A session on a socket that is connected; rejects if the peer does not answer as an HTTP/2 server. */
export async function openSession(socket: Duplex, options: DialOptions): Promise<Session> {
  const limits = { ...defaultLimits, ...options.limits };
  const session = new ClientSession(socket, limits, options.userAgent ?? 'criproxy');
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
