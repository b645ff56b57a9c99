/**
 * Answer of POST /v1/reload: the changes of a reload, in lines for a person. 422 with the reason for a configuration that cannot be
 * used.
 */
export interface ReloadReport {
  readonly changes: readonly string[];
  /** The consequences that the operator should know. */
  readonly warnings: readonly string[];
  /** The values that change only with the next restart. */
  readonly needsRestart: readonly string[];
  /** Why something that was changed may be of no effect; empty if there is nothing to say. */
  readonly note: string;
}
