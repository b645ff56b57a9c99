import type { LogLine } from './log-line.ts';

/** Where lines go, in some form. */
export interface LogSink {
  take(line: LogLine): void;
  /** How many lines it has lost, since what is behind it did not take them in time. */
  readonly lost: number;
  /** Resolves when what it has taken has gone out, or never will. */
  close(): Promise<void>;
}
