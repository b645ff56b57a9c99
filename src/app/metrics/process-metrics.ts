import { readdirSync, readFileSync } from 'node:fs';
import { type Metric, single } from '../../watch/counters.ts';
import type { EventLoopLag } from '../../watch/event-loop-lag.ts';

/** The metrics that Prometheus' client libraries give of any process, under their names, and the delay of the event loop. */
export function processMetrics(lag: EventLoopLag, version: string): readonly Metric[] {
  const startedAt = Date.now() / 1000 - process.uptime();
  return [
    {
      name: 'criproxy_build_info',
      help: '1: the version of criproxy and of Node.js.',
      type: 'gauge',
      labels: ['version', 'node'],
      read: () => [[[version, process.version], 1]],
    },
    {
      name: 'criproxy_event_loop_lag_seconds',
      help: 'Lag of the event loop at calls of the last minute; quantile 1 is the maximum.',
      type: 'gauge',
      labels: ['quantile'],
      *read() {
        const figures = lag.figures();
        if (figures === undefined) return;
        yield [['0.5'], figures.p50 / 1000];
        yield [['0.99'], figures.p99 / 1000];
        yield [['1'], figures.max / 1000];
      },
    },
    single('process_cpu_seconds_total', 'counter', 'CPU time of the process, user and system.', () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1e6;
    }),
    single('process_resident_memory_bytes', 'gauge', 'Resident memory of the process.', () =>
      process.memoryUsage.rss(),
    ),
    single('process_start_time_seconds', 'gauge', 'Start time of the process, in Unix time.', () => startedAt),
    single('process_open_fds', 'gauge', 'Open file descriptors.', () => readdirSync('/proc/self/fd').length),
    single('process_max_fds', 'gauge', 'Maximum number of open file descriptors.', readMaxFds),
    single('nodejs_heap_size_used_bytes', 'gauge', "Used part of V8's heap.", () => process.memoryUsage().heapUsed),
    single('nodejs_heap_size_total_bytes', 'gauge', "V8's heap.", () => process.memoryUsage().heapTotal),
    single('nodejs_external_memory_bytes', 'gauge', "Memory of buffers and other objects outside V8's heap.", () => {
      const { external } = process.memoryUsage();
      return external;
    }),
  ];
}

function readMaxFds(): number {
  const soft = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
  return soft === undefined ? Number.POSITIVE_INFINITY : Number(soft);
}
