import { Level } from '../base/log-level.ts';
import type { LogLine } from './log-line.ts';

/** How long repeats of a line are counted before the count is written, in ms. */
const WINDOW = 30_000;

/** How many different lines are watched for repeats. */
const MAX_WATCHED = 500;

/** The clock: performance.now() and an unreferenced setTimeout(), both in ms, or a test's. */
export interface Clock {
  now(): number;
  /** Returns a function that cancels the timer. */
  after(ms: number, act: () => void): () => void;
}

interface Watched {
  last: LogLine;
  count: number;
  endsAt: number;
}

/**
 * Lets lines through; of a warning, an error or a failed request that comes again and again, the first, and from then on a
 * line with the count of the rest every 30 s while it lasts. Changes of state, other lines and dumps all go through.
 */
export class Repeats {
  private readonly take: (line: LogLine) => void;
  private readonly levels: { get(): number };
  private readonly clock: Clock;
  /** The oldest window first. */
  private readonly watched = new Map<string, Watched>();
  private cancel: (() => void) | undefined;

  constructor(take: (line: LogLine) => void, levels: { get(): number }, clock: Clock) {
    this.take = take;
    this.levels = levels;
    this.clock = clock;
  }

  readonly pass = (line: LogLine): void => {
    if (!this.isLimited(line)) {
      this.take(line);
      return;
    }
    const key = keyOf(line);
    const known = this.watched.get(key);
    if (known !== undefined) {
      known.count++;
      known.last = line;
      return;
    }
    this.take(line);
    if (this.watched.size >= MAX_WATCHED) this.close(this.watched.keys().next().value!);
    this.open(key, line);
  };

  /** Writes the counts that wait. */
  flush(): void {
    this.cancel?.();
    this.cancel = undefined;
    for (const key of [...this.watched.keys()]) this.close(key);
  }

  /** At a level that dumps calls, each failure is part of a dump and is written. */
  private isLimited({ severity, level, about }: LogLine): boolean {
    if (about.change === true) return false;
    return severity !== 'info' || (level === Level.Failed && this.levels.get() < Level.Change);
  }

  private open(key: string, last: LogLine): void {
    this.watched.set(key, { last, count: 0, endsAt: this.clock.now() + WINDOW });
    this.schedule();
  }

  /** Ends a window; returns whether the line came again in it. */
  private close(key: string): boolean {
    const { last, count, endsAt } = this.watched.get(key)!;
    this.watched.delete(key);
    if (count === 0) return false;
    const seconds = Math.ceil((WINDOW - Math.max(0, endsAt - this.clock.now())) / 1000);
    // The count covers many calls, so it has no call id.
    const { call: _, ...about } = last.about;
    this.take({ ...last, about, time: new Date(), message: `${last.message} (${count} more like it in ${seconds} s)` });
    return true;
  }

  private schedule(): void {
    const [first] = this.watched.values();
    if (this.cancel !== undefined || first === undefined) return;
    this.cancel = this.clock.after(Math.max(0, first.endsAt - this.clock.now()), () => {
      this.cancel = undefined;
      this.closeEnded();
      this.schedule();
    });
  }

  private closeEnded(): void {
    for (const [key, { last, endsAt }] of [...this.watched]) {
      if (endsAt > this.clock.now()) return;
      if (this.close(key)) this.open(key, last);
    }
  }
}

/** Lines with the same key are one line that comes again. */
function keyOf({ severity, level, file, about, message }: LogLine): string {
  return [severity, level, file, about.method ?? '', about.runtime ?? '', message.slice(0, 500)].join('\n');
}
