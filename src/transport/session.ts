import type { Calls } from '../base/call.ts';
import type { CallsWaiting } from './calls-waiting.ts';

/**
 * One live gRPC connection to a runtime's socket. Calls on a session that is over fail with Unavailable; a call that the runtime says
 * it has not taken fails with an UntakenError.
 */
export interface Session extends Calls {
  /** Resolves, never rejects, with the reason in words once no call is taken any more, by whoever's doing. */
  readonly closed: Promise<string>;
  /** Ends the connection as soon as no call is in flight. Calls are taken until then. */
  endWhenIdle(): void;
  /** It takes no new calls, by GOAWAY or since its stream ids are used up, while calls under way go on. */
  readonly isLeaving: boolean;
  /** Its connection is gone, and its last call with it. */
  readonly isOver: boolean;
  /** Ends the connection now; calls in flight fail with Unavailable. */
  close(): void;
}

/**
 * Connects to the unix socket at `path`; rejects with the system's or the protocol's error, at the latest after `timeout` ms. `counts`:
 * where the session counts the calls that wait for it.
 */
export type Dial = (path: string, timeout: number, counts?: CallsWaiting) => Promise<Session>;
