import type { Histogram } from './histogram.ts';

/** Values of a metric by its labels, in the order of `labels`. */
export type Values = Iterable<readonly [labels: readonly string[], value: number]>;

/** A metric of a feature. Its name begins with `criproxy_`, and ends with `_total` if it is a counter. */
export interface Metric {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge';
  readonly labels: readonly string[];
  /** Called at each scrape. As few labels' values as there are methods, runtimes and codes. */
  read(): Values;
}

/** A metric that is a histogram for each of its labels' values. */
export interface HistogramMetric extends Omit<Metric, 'type' | 'read'> {
  readonly type: 'histogram';
  read(): Iterable<readonly [labels: readonly string[], histogram: Histogram]>;
}

/** A metric without labels. */
export function single(name: string, type: Metric['type'], help: string, read: () => number): Metric {
  return { name, help, type, labels: [], read: () => [[[], read()]] };
}

/** A counter without labels. */
export interface Counter {
  add(amount?: number): void;
  readonly value: number;
}

/** The metrics of the daemon's features, for the metrics page. */
export class Counters {
  private readonly all = new Map<string, Metric>();

  /** Adds a metric until the returned function is called. Throws for a name that is taken. */
  register(metric: Metric): () => void {
    if (this.all.has(metric.name)) throw new Error(`there is a metric ${metric.name} already`);
    this.all.set(metric.name, metric);
    return () => void this.all.delete(metric.name);
  }

  counter(name: string, help: string): Counter {
    let value = 0;
    this.register({ name, help, type: 'counter', labels: [], read: () => [[[], value]] });
    return {
      add(amount = 1) {
        value += amount;
      },
      get value() {
        return value;
      },
    };
  }

  [Symbol.iterator](): Iterator<Metric> {
    return this.all.values();
  }
}
