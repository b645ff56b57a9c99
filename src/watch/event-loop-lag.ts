import type { CallObserver } from './call-watch.ts';

/** The delay of a look, in ms: the shortest that a timer has, so that it mostly comes while the process is awake for the call. */
const DELAY = 1;

/** How often it is looked at most, in ms: an event loop that stands still for longer than that is seen for sure. */
const PERIOD = 200;

/** How long a look is counted, in ms. */
const KEPT = 60_000;
const LOOKS = KEPT / PERIOD;

/** How late the event loop is, in ms, over the last minute: undefined when nothing is known of it. */
export interface LagFigures {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/**
 * Measures how late timers are: how long a call has to wait when something else occupies the process, or the machine. A look begins
 * with a call, or with a runtime's answer to one: a process that nobody calls is not woken for it.
 */
export class EventLoopLag implements CallObserver {
  private readonly lags = new Float64Array(LOOKS);
  private readonly times = new Float64Array(LOOKS).fill(Number.NEGATIVE_INFINITY);
  private count = 0;
  private last = Number.NEGATIVE_INFINITY;
  private timer: NodeJS.Timeout | undefined;

  begun(): void {
    this.begin();
  }

  /** A list of the proxy's own is no reason to wake up once more. */
  partEnded(_part: unknown, call: unknown): void {
    if (call !== undefined) this.begin();
  }

  stop(): void {
    clearTimeout(this.timer);
  }

  private begin(): void {
    const begunAt = performance.now();
    if (begunAt - this.last < PERIOD) return;
    this.last = begunAt;
    this.timer = setTimeout(() => this.look(begunAt, performance.now()), DELAY).unref();
  }

  /** Public for tests: what the timer does. */
  look(begunAt: number, now: number): void {
    const at = this.count++ % LOOKS;
    this.lags[at] = Math.max(0, now - begunAt - DELAY);
    this.times[at] = now;
  }

  figures(now: number = performance.now()): LagFigures | undefined {
    const sorted = this.lags.filter((_, at) => now - this.times[at]! <= KEPT).sort();
    const known = sorted.length;
    if (known === 0) return undefined;
    const at = (share: number) => sorted[Math.min(known - 1, Math.floor(share * known))]!;
    return { p50: at(0.5), p99: at(0.99), max: sorted[known - 1]! };
  }
}
