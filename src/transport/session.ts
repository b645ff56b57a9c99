import type { Calls } from '../base/call.ts';
import type { CallsWaiting } from './calls-waiting.ts';

/**
 * One live gRPC connection to a runtime's socket. Calls on a session that is over fail with Unavailable. A call that the runtime
 * reports as not processed fails with an UntakenError.
 */
export interface Session extends Calls {
  /** Resolves, never rejects, with the reason in words once no new call is accepted, whichever side has ended the session. */
  readonly closed: Promise<string>;
  /** Ends the connection as soon as no call is in flight. New calls are accepted until then. */
  endWhenIdle(): void;
  /** The session accepts no new calls, after GOAWAY or the last stream id, while the calls in flight go on. */
  readonly isLeaving: boolean;
  /** The connection is closed, and all calls have ended. */
  readonly isOver: boolean;
  /** Ends the connection now; calls in flight fail with Unavailable. */
  close(): void;
}

/**
 * Connects to the unix socket at `path`. Rejects with the system's or the protocol's error, at the latest after `timeout` ms. The
 * session counts its waiting calls in `counts`.
 */
export type Dial = (path: string, timeout: number, counts?: CallsWaiting) => Promise<Session>;
