/** The outcome of a start of a pod, with the label of its runtime and the reason of its placement. */
export interface PodStart {
  readonly runtime: string;
  readonly by: string;
  /** The number of the rule; empty without one. */
  readonly rule: string;
  readonly result: 'ok' | 'failed';
}

/** Counts of starts of pods. There are as few series as there are runtimes and rules. */
export class PodStarts {
  private readonly counts = new Map<string, { readonly start: PodStart; count: number }>();

  count(start: PodStart): void {
    const key = `${start.runtime} ${start.by} ${start.rule} ${start.result}`;
    const counted = this.counts.get(key) ?? { start, count: 0 };
    counted.count++;
    this.counts.set(key, counted);
  }

  [Symbol.iterator](): Iterator<{ readonly start: PodStart; readonly count: number }> {
    return this.counts.values();
  }
}
