/** Answer of POST /v1/reload: what a reload has done, in lines for a person. 422 with the reason for a configuration that cannot be used. */
export interface ReloadReport {
  readonly changes: readonly string[];
  /** What the operator should know of it. */
  readonly warnings: readonly string[];
  /** What stays as it is until the next restart. */
  readonly needsRestart: readonly string[];
  /** Why something that was changed may be of no effect; empty if there is nothing to say. */
  readonly note: string;
}
