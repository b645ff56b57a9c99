import type { AdminRoute } from '../../admin/admin-route.ts';
import type { DaemonReport } from '../../admin/api/status-report.ts';
import type { Logger } from '../../base/logger.ts';
import type { MemoryAccount } from '../../base/memory-account.ts';
import type { ReportFault } from '../../base/own-fault.ts';
import type { ProxyConfig } from '../../config/proxy-config.ts';
import type { Runtime } from '../../routing/port/runtime.ts';
import type { NodeState } from '../../routing/state/node-state.ts';
import { CallStats } from '../../watch/call-stats.ts';
import type { CallWatch } from '../../watch/call-watch.ts';
import { type Counter, Counters } from '../../watch/counters.ts';
import { EventLoopLag } from '../../watch/event-loop-lag.ts';
import { reportClientCalls, reportRuntimeCalls } from '../status/call-reports.ts';
import { SpanExporter } from '../trace/span-exporter.ts';
import { callMetrics } from './call-metrics.ts';
import { heldMetrics } from './held-memory.ts';
import { knownMethods } from './known-methods.ts';
import { type Exposition, Metrics } from './metrics.ts';
import { metricsRoutes } from './metrics-routes.ts';
import { openMetricsServer } from './metrics-server.ts';
import { ownFaults } from './own-faults.ts';
import { processMetrics } from './process-metrics.ts';
import { runtimeMetrics } from './runtime-metrics.ts';

/** How long metrics are given out again, in ms: to write them takes milliseconds, in which no call is served. */
const RENDER_AGE = 1_000;

/** The daemon's own counts, and the ways to get them: metrics, the figures of the status, spans. */
export class Telemetry {
  /** For features that keep metrics of their own. */
  readonly counters = new Counters();
  readonly writeFailures: Counter;
  readonly traceLinesLost: Counter;
  readonly reportFault: ReportFault;
  readonly routes: readonly AdminRoute[];
  private readonly stats: CallStats;
  private readonly lag = new EventLoopLag();
  private readonly metrics: Metrics;
  private readonly log: Logger;
  private runtimes: () => readonly Runtime[] = () => [];
  private rendered: { readonly at: number; readonly exposition: Promise<Exposition> } | undefined;
  private readonly closers: (() => Promise<void>)[] = [];

  constructor(
    { version, otlp }: Pick<ProxyConfig, 'version' | 'otlp'>,
    watch: CallWatch,
    log: Logger,
    logLinesLost: () => number,
  ) {
    this.log = log;
    this.stats = new CallStats(knownMethods(), log);
    watch.add(this.stats);
    watch.add(this.lag);
    this.writeFailures = this.counters.counter(
      'criproxy_snapshot_write_failures_total',
      'Number of times that a snapshot could not be written to the disk.',
    );
    this.traceLinesLost = this.counters.counter(
      'criproxy_trace_lines_lost_total',
      'Lines of criproxy trace that were lost because the reader was too slow.',
    );
    this.reportFault = ownFaults(this.counters, log);
    this.counters.register({
      name: 'criproxy_log_lines_lost_total',
      help: 'Lines of the log that were lost because the reader was too slow.',
      type: 'counter',
      labels: [],
      read: () => [[[], logLinesLost()]],
    });
    if (otlp !== undefined) {
      const exporter = new SpanExporter(otlp, version, watch, this.counters, log);
      this.closers.push(() => exporter.stop());
    }
    for (const metric of processMetrics(this.lag, version)) this.counters.register(metric);
    this.metrics = new Metrics([callMetrics(this.stats), this.counters]);
    this.routes = metricsRoutes({ render: () => this.render() });
  }

  /** From here on the metrics have the runtimes and their snapshots too, and the injected faults. */
  follow(runtimes: () => readonly Runtime[], node: NodeState, faults: { readonly injected: number } | undefined): void {
    this.runtimes = runtimes;
    this.counters.register({
      name: 'criproxy_faults_injected_total',
      help: 'Calls to runtimes with an injected fault (-enableFaults).',
      type: 'counter',
      labels: [],
      read: () => [[[], faults?.injected ?? 0]],
    });
    for (const metric of runtimeMetrics(runtimes, node)) this.counters.register(metric);
  }

  /** Clients are being served. */
  serving(server: { readonly connections: number }, held: MemoryAccount, address: ProxyConfig['metrics']): void {
    for (const metric of heldMetrics(held)) this.counters.register(metric);
    this.counters.register({
      name: 'criproxy_client_connections',
      help: 'Open connections of clients.',
      type: 'gauge',
      labels: [],
      read: () => [[[], server.connections]],
    });
    if (address === undefined) return;
    const opened = openMetricsServer(address, { render: () => this.render() }, this.log);
    this.closers.push(async () => (await opened).stop());
  }

  // For the status.
  readonly callsOf = (runtimeId: string) => reportRuntimeCalls(this.stats.snapshotOfRuntime(runtimeId));
  readonly clientCalls = () => reportClientCalls(this.stats.snapshotOfClients());

  readonly eventLoopLag = (): DaemonReport['eventLoopLag'] => {
    const figures = this.lag.figures();
    return figures === undefined ? null : { p50Ms: figures.p50, p99Ms: figures.p99, maxMs: figures.max };
  };

  async stop(): Promise<void> {
    this.lag.stop();
    await Promise.all(this.closers.map(close => close()));
  }

  private render(): Promise<Exposition> {
    if (this.rendered === undefined || performance.now() - this.rendered.at >= RENDER_AGE) {
      this.stats.keepOnly(this.runtimes().map(({ id }) => id));
      const exposition = this.metrics.render();
      this.rendered = { at: performance.now(), exposition };
      exposition.catch(() => {
        this.rendered = undefined;
      });
    }
    return this.rendered.exposition;
  }
}
