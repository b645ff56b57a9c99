import type { CallsReport, ClientCallsReport, LastError } from '../../admin/api/status-report.ts';
import type { ClientFigures } from '../../watch/call-stats.ts';
import type { RuntimeFigures } from '../../watch/runtime-stats.ts';

/** Calls to a runtime, for the status. */
export function reportRuntimeCalls({ lastError, ...figures }: RuntimeFigures): {
  readonly calls: CallsReport;
  readonly lastError: LastError | null;
} {
  const error = lastError && {
    time: new Date(lastError.at).toISOString(),
    method: lastError.method,
    code: lastError.code,
    message: lastError.message,
  };
  return { calls: reportCalls(figures), lastError: error ?? null };
}

/** Calls of clients, for the status. */
export function reportClientCalls({ open, openStreams, ownP50, ownP99, ...figures }: ClientFigures): ClientCallsReport {
  return { ...reportCalls(figures), open, openStreams, ownP50Ms: ownP50 ?? null, ownP99Ms: ownP99 ?? null };
}

function reportCalls({
  calls,
  errors,
  callsPerSecond,
  errorsPerSecond,
  p50,
  p99,
}: Omit<RuntimeFigures, 'lastError'>): CallsReport {
  return { total: calls, errors, perSecond: callsPerSecond, errorsPerSecond, p50Ms: p50 ?? null, p99Ms: p99 ?? null };
}
