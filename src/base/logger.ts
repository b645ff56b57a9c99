/**
 * Where everything but the command line writes what happens. Levels: 0-1 start-up and serious errors, 2 failed requests,
 * 3 calls that change state, 4 status calls, 5 lists. Lines at level 0 and warnings and errors are never suppressed.
 */
export interface Logger {
  /** Whether a line at this level is written: ask before building anything expensive. */
  enabled(level: number): boolean;
  /** `fields` are dumped below the line as YAML. */
  info(level: number, message: string, fields?: unknown): void;
  warn(message: string): void;
  error(message: string): void;
}
