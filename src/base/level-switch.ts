import type { Level } from './log-level.ts';

/** The log level, which can be changed while the proxy runs. */
export class LevelSwitch {
  private current: Level;
  private lasting: Level;
  private back: { readonly at: number; readonly timer: NodeJS.Timeout } | undefined;
  private readonly listeners = new Set<() => void>();

  constructor(level: Level) {
    this.current = level;
    this.lasting = level;
  }

  get(): Level {
    return this.current;
  }

  /** The level that a temporary one goes back to. */
  get lastingLevel(): Level {
    return this.lasting;
  }

  /** When a temporary level goes back to the lasting one: wall-clock time in ms; undefined if the level is a lasting one. */
  get returnsAt(): number | undefined {
    return this.back?.at;
  }

  /** Sets the lasting level; a temporary level ends. */
  set(level: Level): void {
    this.lasting = level;
    this.change(level, undefined);
  }

  /** Sets a level for so many ms, at most 2^31 - 1. Afterwards the lasting level is in force again. */
  setFor(level: Level, ms: number): void {
    const timer = setTimeout(() => this.change(this.lasting, undefined), ms);
    timer.unref();
    this.change(level, { at: Date.now() + ms, timer });
  }

  onChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private change(level: Level, back: LevelSwitch['back']): void {
    clearTimeout(this.back?.timer);
    this.back = back;
    this.current = level;
    for (const listener of [...this.listeners]) listener();
  }
}
