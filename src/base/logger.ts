import type { Level } from './log-level.ts';

/** The subject of a log line, by which lines can be found. */
export interface About {
  /** The client's call, CallOptions.watched: its id joins the lines of a call. */
  readonly call?: { readonly id: number } | undefined;
  /** The method's name without package and service; a whole path for a method outside CRI. */
  readonly method?: string;
  /** The runtime's id; empty for the primary. */
  readonly runtime?: string;
  /** A change of state, which is never counted as a repeat. */
  readonly change?: boolean;
}

/**
 * The log of every part but the command line. Levels: 0-1 start-up and serious errors, 2 failed requests, 3 calls that change
 * state, 4 status calls, 5 lists. Warnings and errors have no level and are always on. Of a warning, error or failed request that
 * repeats within some seconds, the first is written and the rest is counted.
 */
export interface Logger {
  /** Whether a line at this level is written: ask before building anything expensive. */
  enabled(level: Level): boolean;
  /** `fields`: the subject of the message in full, as plain data. */
  info(level: Level, message: string, fields?: unknown, about?: About): void;
  warn(message: string, about?: About): void;
  error(message: string, about?: About): void;
}
