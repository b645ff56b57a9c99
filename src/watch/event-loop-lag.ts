/** How often it is looked, in ms: rarely enough to cost nothing (less than 0.1 % of a core), often enough to see what calls feel. */
const PERIOD = 200;

/** A minute of looks. */
const LOOKS = 300;

/** How late the event loop is, in ms, over the last minute: undefined when nothing is known yet. */
export interface LagFigures {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** Measures how late timers are: what a call has to wait when something else occupies the process. */
export class EventLoopLag {
  private readonly looks = new Float64Array(LOOKS);
  private count = 0;
  private last = performance.now();
  private readonly timer: NodeJS.Timeout;

  constructor() {
    this.timer = setInterval(() => this.look(performance.now()), PERIOD);
    this.timer.unref();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** Public for tests: what the timer does. */
  look(now: number): void {
    this.looks[this.count++ % LOOKS] = Math.max(0, now - this.last - PERIOD);
    this.last = now;
  }

  figures(): LagFigures | undefined {
    const known = Math.min(this.count, LOOKS);
    if (known === 0) return undefined;
    const sorted = this.looks.slice(0, known).sort();
    const at = (share: number) => sorted[Math.min(known - 1, Math.floor(share * known))]!;
    return { p50: at(0.5), p99: at(0.99), max: sorted[known - 1]! };
  }
}
