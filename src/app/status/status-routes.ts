import { type AdminRoute, apiRoute } from '../../admin/admin-route.ts';
import type { SocketReport } from '../../admin/api/socket-report.ts';
import type {
  CallsReport,
  ClientCallsReport,
  DaemonReport,
  LastError,
  RuntimeReport,
} from '../../admin/api/status-report.ts';
import { highestLevel } from '../../base/log-level.ts';
import type { Logger } from '../../base/logger.ts';
import type { ProxyConfig } from '../../config/proxy-config.ts';
import type { SoleImages } from '../../routing/images/sole-images.ts';
import type { Runtime } from '../../routing/port/runtime.ts';
import type { Snapshot } from '../../routing/state/snapshot.ts';
import { reportRuntime } from '../../routing/status/runtime-report.ts';
import { askRuntime } from './ask-runtime.ts';

/** The sources of the status. The functions give the state at the time of the call. */
export interface StatusSources {
  config(): ProxyConfig;
  /** The primary first. */
  runtimes(): readonly Runtime[];
  snapshotOf(runtime: Runtime): Snapshot;
  soleImagesOf(runtime: Runtime): SoleImages | undefined;
  callsOf(runtimeId: string): { readonly calls: CallsReport; readonly lastError: LastError | null };
  clientCalls(): ClientCallsReport;
  sockets(): readonly SocketReport[];
  eventLoopLag(): DaemonReport['eventLoopLag'];
  /** The injected faults; undefined if they are not enabled. */
  readonly faults?: { warnings(): readonly string[] } | undefined;
  readonly log: Logger;
}

/** With `?ask=true` the runtimes are asked for the facts that only they know. */
export function statusRoutes(sources: StatusSources): readonly AdminRoute[] {
  const startedAt = Date.now();
  return [
    apiRoute('GET /v1/status', async ({ query }) => ({
      format: 1,
      time: new Date().toISOString(),
      daemon: reportDaemon(sources, startedAt),
      runtimes: await Promise.all(
        sources.runtimes().map(async runtime => {
          const known = wholeReport(sources, runtime);
          if (query.get('ask') !== 'true') return known;
          const asked = await askRuntime(runtime);
          return { ...known, asked, soleImages: sources.soleImagesOf(runtime) ?? null };
        }),
      ),
    })),
  ];
}

function reportDaemon(
  { config, log, clientCalls, sockets, eventLoopLag, faults }: StatusSources,
  startedAt: number,
): DaemonReport {
  const { version, base, listen, adminSocket, metrics, stateDir, configFile } = config();
  const { rss, heapUsed, external } = process.memoryUsage();
  return {
    version,
    base,
    pid: process.pid,
    startedAt: new Date(startedAt).toISOString(),
    uptimeSeconds: Math.round(process.uptime()),
    listen,
    adminSocket: adminSocket ?? null,
    metrics: metrics === undefined ? null : `${metrics.host}:${metrics.port}`,
    stateDir: stateDir ?? null,
    configFile: configFile ?? null,
    logLevel: highestLevel(log),
    ...(faults !== undefined && { faults: faults.warnings() }),
    memory: { rssBytes: rss, heapBytes: heapUsed, externalBytes: external },
    calls: clientCalls(),
    sockets: sockets(),
    eventLoopLag: eventLoopLag(),
  };
}

function wholeReport(sources: StatusSources, runtime: Runtime): RuntimeReport {
  const configured = sources.config().runtimes.find(({ id }) => id === runtime.id);
  return {
    ...reportRuntime(runtime, sources.snapshotOf(runtime), configured),
    socket: configured?.socket ?? '',
    ...sources.callsOf(runtime.id),
  };
}
