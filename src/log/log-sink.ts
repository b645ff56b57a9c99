import type { LogLine } from './log-line.ts';

/** A destination for lines. */
export interface LogSink {
  take(line: LogLine): void;
  /** How many lines were lost because the reader did not take them in time. */
  readonly lost: number;
  /** Resolves when the accepted lines are written, or lost. */
  close(): Promise<void>;
}
