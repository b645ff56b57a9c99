/** Body of PUT /v1/log-level. */
export interface LogLevelRequest {
  /** 0 to 5, see base/log-level.ts. */
  readonly level: number;
  /** How long, in ms, at most LONGEST_LOG_LEVEL; 0 or nothing: until the daemon ends. */
  readonly for?: number;
}

/** Answer of GET and PUT /v1/log-level. */
export interface LogLevelAnswer {
  readonly level: number;
  /** Both of a temporary level only: the level that follows it, and when, ISO 8601. */
  readonly lastingLevel?: number;
  readonly returnsAt?: string;
}

/** The longest time for a temporary level, in ms: a day. */
export const LONGEST_LOG_LEVEL = 86_400_000;
