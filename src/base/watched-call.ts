/** A client's call while it is served, for those who watch it; see watch/. */
export interface WatchedCall {
  /** Unique while the proxy runs; the log lines of a call carry it. */
  readonly id: number;
  /** Counts a call to a runtime, by the runtime's id, that is made to serve this one; call what it returns when that has ended. */
  sent(runtime: string, path: string): (code: number) => void;
}
