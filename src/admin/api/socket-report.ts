/** A socket beside the node's own, as the option `sockets` has it. */
export interface SocketReport {
  readonly path: string;
  readonly served: boolean;
  /** Why it is not served. */
  readonly reason: string | null;
  readonly allow: readonly string[];
  readonly redact: boolean;
  /** Globs; null: all. */
  readonly namespaces: readonly string[] | null;
  /** Calls a second; null: no limit. */
  readonly rate: number | null;
  readonly connections: number;
  /** Calls that have ended; of them those that its rules refused, and those beyond a limit. */
  readonly calls: number;
  readonly denied: number;
  readonly limited: number;
}
