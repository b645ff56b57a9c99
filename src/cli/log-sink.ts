import type { LogLine } from './log-line.ts';

/** Where lines go, in some form. */
export interface LogSink {
  take(line: LogLine): void;
  /** Resolves when what it has taken has gone out, or never will. */
  close(): Promise<void>;
}
