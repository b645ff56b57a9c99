/** A client's call under way, as observers see it; see watch/. */
export interface WatchedCall {
  /** Unique while the proxy runs; the log lines of a call carry it. */
  readonly id: number;
  /** Counts a call to the runtime with this id on behalf of this call. The returned function is to be called at its end. */
  sent(runtime: string, path: string): (code: number) => void;
}
