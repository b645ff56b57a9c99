/** The figures of the calls of one case to one target; times in microseconds. */
export interface Figures {
  readonly calls: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly callsPerSecond: number;
  /** CPU of the process in between per call, in microseconds; undefined without one. */
  readonly cpu: number | undefined;
}

/** The measurements of some calls: the time of each in microseconds, of all together in milliseconds, CPU in microseconds. */
export interface Sample {
  readonly times: readonly number[];
  readonly elapsed: number;
  readonly cpu: number | undefined;
}

export function summarize(samples: readonly Sample[]): Figures {
  const sorted = Float64Array.from(samples.flatMap(({ times }) => times)).sort();
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
  const sum = (of: (sample: Sample) => number) => samples.reduce((total, sample) => total + of(sample), 0);
  return {
    calls: sorted.length,
    p50: at(0.5),
    p90: at(0.9),
    p99: at(0.99),
    callsPerSecond: (sorted.length / sum(({ elapsed }) => elapsed)) * 1000,
    cpu: samples[0]?.cpu === undefined ? undefined : sum(({ cpu }) => cpu!) / sorted.length,
  };
}

export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}
