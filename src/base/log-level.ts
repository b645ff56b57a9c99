/** Levels of the log, as `-v` counts them; each has the lines of the lower ones too. README.md describes them for users. */
export const Level = {
  /** Start-up, state changes of runtimes, serious errors. */
  State: 0,
  /** Details of these. */
  Detail: 1,
  /** Failed requests. */
  Failed: 2,
  /** Requests and responses that change state. From here on calls are dumped. */
  Change: 3,
  /** Status calls, and ExecSync, of which probes are made. */
  Status: 4,
  /** Lists. */
  List: 5,
} as const;

export type Level = (typeof Level)[keyof typeof Level];

const levels: readonly unknown[] = Object.values(Level);

export function isLevel(value: unknown): value is Level {
  return levels.includes(value);
}

/** The highest level that a log is on at. */
export function highestLevel(log: { enabled(level: Level): boolean }): Level {
  return Object.values(Level).findLast(level => log.enabled(level)) ?? Level.State;
}
