import type { ListReport, RuntimeReport } from '../../admin/api/status-report.ts';
import { redactUrls } from '../../base/redact-urls.ts';
import { steadyNow } from '../../base/steady-clock.ts';
import type { Listing } from '../asking/kept-list.ts';
import type { RuntimeSettings } from '../port/routing-settings.ts';
import { isUnseen, type Runtime } from '../port/runtime.ts';
import { isRetiring } from '../state/retirement.ts';
import type { Snapshot } from '../state/snapshot.ts';
import { leftPods } from './left-pods.ts';

/** The part of the report on a runtime that routing knows. */
type KnownReport = Omit<RuntimeReport, 'socket' | 'calls' | 'lastError' | 'asked' | 'soleImages'>;

/** For the status of the admin API, and for the verbose Status that the kubelet's node gives. */
export function reportRuntime(runtime: Runtime, snapshot: Snapshot, settings: RuntimeSettings = {}): KnownReport {
  const { id, state, silence } = runtime;
  const { pods, containers, images } = snapshot;
  return {
    id,
    primary: id === '',
    state: state.kind,
    seen: !isUnseen(state),
    lost: state.kind === 'down' && snapshot.mayHaveAnyPod,
    since: new Date(state.since).toISOString(),
    notAnsweringSince: silence?.since === undefined ? null : new Date(silence.since).toISOString(),
    reason: state.kind === 'down' ? redactUrls(state.reason) : null,
    name: (state.kind === 'up' && state.runtimeName) || null,
    version: (state.kind === 'up' && state.runtimeVersion) || null,
    packages: state.kind === 'up' ? state.packages : [],
    labels: settings.labels ?? {},
    retiring: isRetiring(settings, snapshot) ? leftPods(snapshot) : null,
    snapshot: { pods: reportList(pods), containers: reportList(containers), images: reportList(images) },
  };
}

/** Null for a list that was never seen. */
function reportList(listing: Listing): ListReport | null {
  if (listing.takenAt === undefined) return null;
  return { items: listing.index().size, ageSeconds: Math.max(0, steadyNow() - listing.takenAt) / 1000 };
}
