/** The span of a rate, in whole seconds. */
const RATE_SECONDS = 10;
/** At least one more than the span and the second that runs; a power of two. */
const SECONDS = 16;

/** Percentiles cover the last six spans of 10 s and the span that runs. */
const SPAN = 10_000;
const SPANS = 7;

/**
 * Buckets of times, in steps of 4 us: four of the same width a doubling, from 16 us to 4 min. The first bucket has all shorter
 * times too, the last bucket all longer ones.
 */
const STEP = 0.004;
const BUCKETS = 96;

/** Rates over the last 10 s. Percentiles in ms over the last minute, right within a quarter; undefined if there was no call. */
export interface RecentFigures {
  readonly callsPerSecond: number;
  readonly errorsPerSecond: number;
  readonly p50: number | undefined;
  readonly p99: number | undefined;
}

/** The calls of the last minute, as counts in rings that need no timer. Times in ms, on the clock of performance.now(). */
export class RecentCalls {
  private readonly since: number;
  private readonly second = new Float64Array(SECONDS).fill(-1);
  private readonly calls = new Uint32Array(SECONDS);
  private readonly errors = new Uint32Array(SECONDS);
  private readonly span = new Float64Array(SPANS).fill(-1);
  private readonly times = new Uint32Array(SPANS * BUCKETS);

  constructor(now: number = performance.now()) {
    this.since = now;
  }

  count(now: number, isError: boolean): void {
    const second = Math.floor(now / 1000);
    const at = second % SECONDS;
    if (this.second[at] !== second) {
      this.second[at] = second;
      this.calls[at] = 0;
      this.errors[at] = 0;
    }
    this.calls[at]!++;
    if (isError) this.errors[at]!++;
  }

  time(now: number, duration: number): void {
    const span = Math.floor(now / SPAN);
    const at = span % SPANS;
    if (this.span[at] !== span) {
      this.span[at] = span;
      this.times.fill(0, at * BUCKETS, (at + 1) * BUCKETS);
    }
    this.times[at * BUCKETS + bucketOf(duration)]!++;
  }

  figures(now: number = performance.now()): RecentFigures {
    const current = Math.floor(now / 1000);
    let calls = 0;
    let errors = 0;
    for (let at = 0; at < SECONDS; at++) {
      const age = current - this.second[at]!;
      if (age < 1 || age > RATE_SECONDS) continue;
      calls += this.calls[at]!;
      errors += this.errors[at]!;
    }
    const seconds = Math.max(1, Math.min(RATE_SECONDS, Math.floor((now - this.since) / 1000)));
    const times = this.recentTimes(now);
    return {
      callsPerSecond: calls / seconds,
      errorsPerSecond: errors / seconds,
      p50: percentile(times, 0.5),
      p99: percentile(times, 0.99),
    };
  }

  private recentTimes(now: number): Float64Array {
    const times = new Float64Array(BUCKETS);
    const current = Math.floor(now / SPAN);
    for (let at = 0; at < SPANS; at++) {
      if (current - this.span[at]! >= SPANS) continue;
      for (let bucket = 0; bucket < BUCKETS; bucket++) times[bucket]! += this.times[at * BUCKETS + bucket]!;
    }
    return times;
  }
}

function bucketOf(duration: number): number {
  const steps = Math.min(0x7fffffff, duration / STEP) | 0;
  if (steps < 4) return 0;
  const doublings = 29 - Math.clz32(steps);
  return Math.min(BUCKETS - 1, doublings * 4 + ((steps >> doublings) & 3));
}

/** Where a bucket begins, in ms. */
function startOf(bucket: number): number {
  return (4 + (bucket & 3)) * 2 ** (bucket >> 2) * STEP;
}

function percentile(times: Float64Array, share: number): number | undefined {
  const rank = share * times.reduce((sum, each) => sum + each, 0);
  if (rank === 0) return undefined;
  let below = 0;
  for (let bucket = 0; bucket < BUCKETS; bucket++) {
    const here = times[bucket]!;
    if (below + here >= rank) {
      return startOf(bucket) + ((startOf(bucket + 1) - startOf(bucket)) * (rank - below)) / here;
    }
    below += here;
  }
  return startOf(BUCKETS);
}
