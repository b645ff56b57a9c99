/** How many values were at most each bound, as Prometheus counts them; one object a series, no allocation a value. */
export class Histogram {
  /** Ascending. The last bucket, for values above all bounds, is not listed. */
  readonly bounds: readonly number[];
  /** The count of each bucket alone, without lower buckets; one more than bounds. */
  readonly counts: Float64Array;
  private readonly total = new Float64Array(1);

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = new Float64Array(bounds.length + 1);
  }

  get sum(): number {
    return this.total[0]!;
  }

  get count(): number {
    return this.counts.reduce((sum, each) => sum + each, 0);
  }

  observe(value: number): void {
    const { bounds } = this;
    let at = 0;
    while (at < bounds.length && value > bounds[at]!) at++;
    this.counts[at]!++;
    this.total[0]! += value;
  }
}
