/** Measures the time for which a number does not change, by repeated looks, so that a change itself costs nothing. */
export class Standstill {
  private mark = -1;
  private since: number;

  /** Times are of performance.now(). */
  constructor(now: number) {
    this.since = now;
  }

  /** The milliseconds since `mark` has its value; 0 after a change, and if it is negative. */
  look(mark: number, now: number): number {
    if (mark < 0 || mark !== this.mark) {
      this.mark = mark;
      this.since = now;
    }
    return now - this.since;
  }
}
