import type { Metric as PromMetric } from 'prom-client';
import type { HistogramMetric, Metric } from '../../watch/counters.ts';
import type { Histogram } from '../../watch/histogram.ts';

export interface Exposition {
  /** The Content-Type. */
  readonly type: string;
  readonly text: string;
}

/** A value of a metric as prom-client writes it. */
interface Sample {
  readonly metricName: string;
  readonly labels: Record<string, string>;
  readonly value: number;
}

/** The giver of the metrics. */
export interface MetricsSource {
  render(): Promise<Exposition>;
}

/** All metrics, in Prometheus' text format. They are read when they are asked for, and prom-client is not loaded before. */
export class Metrics implements MetricsSource {
  private readonly sources: readonly Iterable<Metric | HistogramMetric>[];

  constructor(sources: readonly Iterable<Metric | HistogramMetric>[]) {
    this.sources = sources;
  }

  async render(): Promise<Exposition> {
    const { default: Registry } = await import('prom-client/lib/registry.js');
    const registry = new Registry();
    for (const source of this.sources) {
      for (const metric of source) registry.registerMetric(asProm(metric));
    }
    return { type: registry.contentType, text: await registry.metrics() };
  }
}

/** The form that a registry of prom-client takes: it asks for name, help, type, and `get` only. */
function asProm(metric: Metric | HistogramMetric): PromMetric {
  const { name, help, type } = metric;
  const get = async () => ({ name, help, type, values: [...samples(metric)] });
  return { name, help, type, get } as unknown as PromMetric;
}

function* samples(metric: Metric | HistogramMetric): Generator<Sample> {
  const { name, labels: names } = metric;
  if (metric.type !== 'histogram') {
    for (const [labels, value] of metric.read()) yield { metricName: name, labels: label(names, labels), value };
    return;
  }
  for (const [labels, histogram] of metric.read()) yield* buckets(name, label(names, labels), histogram);
}

function* buckets(name: string, labels: Record<string, string>, histogram: Histogram): Generator<Sample> {
  let below = 0;
  for (const [at, bound] of histogram.bounds.entries()) {
    below += histogram.counts[at]!;
    yield { metricName: `${name}_bucket`, labels: { ...labels, le: String(bound) }, value: below };
  }
  const { count } = histogram;
  yield { metricName: `${name}_bucket`, labels: { ...labels, le: '+Inf' }, value: count };
  yield { metricName: `${name}_sum`, labels, value: histogram.sum };
  yield { metricName: `${name}_count`, labels, value: count };
}

function label(names: readonly string[], values: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name, at) => [name, values[at]!]));
}
