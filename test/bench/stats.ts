/** What is kept of the calls of one case to one target; times in microseconds. */
export interface Figures {
  readonly calls: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly callsPerSecond: number;
  /** CPU of the process in between per call, in microseconds; undefined without one. */
  readonly cpu: number | undefined;
}

export function summarize(times: readonly number[], elapsed: number, cpu: number | undefined): Figures {
  const sorted = Float64Array.from(times).sort();
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
  return {
    calls: times.length,
    p50: at(0.5),
    p90: at(0.9),
    p99: at(0.99),
    callsPerSecond: (times.length / elapsed) * 1000,
    cpu: cpu === undefined ? undefined : cpu / times.length,
  };
}

export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}
