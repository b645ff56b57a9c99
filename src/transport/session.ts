import type { Calls } from '../base/call.ts';

/** One live gRPC connection to a runtime's socket. Calls on a session that is over fail with Unavailable. */
export interface Session extends Calls {
  /** Resolves, never rejects, with the reason in words once the connection is over, by whoever's doing. */
  readonly closed: Promise<string>;
  /** Ends the connection as soon as no call is in flight. Calls are taken until then. */
  endWhenIdle(): void;
  /** Ends the connection now; calls in flight fail with Unavailable. */
  close(): void;
}

/** Connects to the unix socket at `path`; rejects with the system's or the protocol's error, at the latest after `timeout` ms. */
export type Dial = (path: string, timeout: number) => Promise<Session>;
