import { codeLabels } from '../../watch/call-codes.ts';
import { type CallStats, directions } from '../../watch/call-stats.ts';
import type { HistogramMetric, Metric } from '../../watch/counters.ts';
import type { Histogram } from '../../watch/histogram.ts';

/** The metrics of calls. */
export function callMetrics(stats: CallStats): readonly (Metric | HistogramMetric)[] {
  return [...clientMetrics(stats), ...messageMetrics(stats), ...runtimeCallMetrics(stats)];
}

function clientMetrics(stats: CallStats): readonly (Metric | HistogramMetric)[] {
  return [
    {
      name: 'criproxy_calls_total',
      help:
        'Client calls that have ended. The label runtime is the runtime that served the call (primary for the primary), ' +
        'several if several runtimes served it together, or none if criproxy answered itself.',
      type: 'counter',
      labels: ['method', 'runtime', 'code'],
      *read() {
        for (const [runtime, methods] of stats.calls) {
          for (const [method, codes] of methods.entries()) {
            for (const [code, count] of codes?.entries() ?? []) {
              if (count > 0) yield [[stats.methods[method]!, runtime, codeLabels[code]!], count];
            }
          }
        }
      },
    },
    {
      name: 'criproxy_call_duration_seconds',
      help: 'Duration of client calls, without streams that stay open and methods that criproxy does not know.',
      type: 'histogram',
      labels: ['method'],
      read: () => byMethod(stats, stats.durations),
    },
    {
      name: 'criproxy_own_duration_seconds',
      help:
        'Time that criproxy itself adds to each unary call: the time in which it did not wait for a runtime. ' +
        'The wait for a starting primary counts too.',
      type: 'histogram',
      labels: [],
      read: () => [[[], stats.own]],
    },
    {
      name: 'criproxy_calls_open',
      help: 'Client calls in progress, streams included.',
      type: 'gauge',
      labels: [],
      read: () => [[[], stats.snapshotOfClients().open]],
    },
    {
      name: 'criproxy_streams_open',
      help: 'Streaming client calls in progress.',
      type: 'gauge',
      labels: [],
      read: () => [[[], stats.snapshotOfClients().openStreams]],
    },
  ];
}

function messageMetrics(stats: CallStats): readonly (Metric | HistogramMetric)[] {
  return [
    {
      name: 'criproxy_message_bytes',
      help: 'Size of the messages between clients and criproxy: requests as received, responses as sent.',
      type: 'histogram',
      labels: ['direction'],
      read: () => directions.map(direction => [[direction], stats.sizes[direction]] as const),
    },
    {
      name: 'criproxy_message_max_bytes',
      help: 'Largest message of a method since the start. The kubelet and containerd accept at most 16 MiB (16777216).',
      type: 'gauge',
      labels: ['method', 'direction'],
      read: () => sizesOf(stats, stats.largest),
    },
    {
      name: 'criproxy_large_messages_total',
      help: 'Messages larger than 12.8 MiB. The kubelet and containerd accept at most 16 MiB.',
      type: 'counter',
      labels: ['method', 'direction'],
      read: () => sizesOf(stats, stats.large),
    },
  ];
}

function runtimeCallMetrics(stats: CallStats): readonly (Metric | HistogramMetric)[] {
  return [
    {
      name: 'criproxy_runtime_calls_total',
      help: 'Calls to a runtime that have ended, including calls of criproxy itself.',
      type: 'counter',
      labels: ['runtime', 'code'],
      *read() {
        for (const [runtime, { codes }] of stats.runtimes) {
          for (const [code, count] of codes.entries()) if (count > 0) yield [[runtime, codeLabels[code]!], count];
        }
      },
    },
    {
      name: 'criproxy_runtime_call_duration_seconds',
      help: 'Time that a runtime took to answer, including calls of criproxy itself.',
      type: 'histogram',
      labels: ['runtime', 'method'],
      *read() {
        for (const [runtime, { durations }] of stats.runtimes) {
          for (const [[method], histogram] of byMethod(stats, durations)) yield [[runtime, method], histogram];
        }
      },
    },
  ];
}

function* byMethod(
  stats: CallStats,
  durations: readonly (Histogram | undefined)[],
): Generator<readonly [labels: readonly [string], histogram: Histogram]> {
  for (const [method, histogram] of durations.entries()) {
    if (histogram !== undefined) yield [[stats.methods[method]!], histogram];
  }
}

function* sizesOf(
  stats: CallStats,
  sizes: CallStats['largest'],
): Generator<readonly [labels: readonly [string, string], value: number]> {
  for (const direction of directions) {
    for (const [method, value] of sizes[direction].entries()) {
      // A code that has not occurred yet has no series; a code that has occurred has both.
      if (stats.largest[direction][method]! > 0) yield [[stats.methods[method]!, direction], value];
    }
  }
}
