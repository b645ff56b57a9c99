/** The time that a number has stayed the same, as repeated looks at it see it, so that nothing keeps a time when it changes. */
export class Standstill {
  private mark = -1;
  private since: number;

  /** Times are of performance.now(). */
  constructor(now: number) {
    this.since = now;
  }

  /** Milliseconds since the number is `mark`; 0 if it has changed, or is negative. */
  look(mark: number, now: number): number {
    if (mark < 0 || mark !== this.mark) {
      this.mark = mark;
      this.since = now;
    }
    return now - this.since;
  }
}
