import { steadyNow } from '../../base/steady-clock.ts';
import type { Listing } from '../asking/kept-list.ts';
import type { Plan } from '../call/method-plan.ts';
import type { Runtime } from '../port/runtime.ts';

/** The proxy's report on itself and its runtimes, as plain data for JSON. Times are ISO 8601, ages in seconds. */
export function nodeReport(plan: Plan): object {
  return {
    version: plan.settings.version ?? '',
    ids: plan.owners.form,
    runtimes: plan.runtimes.all.map(runtime => ({
      id: runtime.id,
      primary: runtime === plan.runtimes.primary,
      ...stateOf(runtime),
      labels: plan.settings.labels?.get(runtime.id) ?? {},
      snapshot: snapshotOf(plan, runtime),
    })),
  };
}

function stateOf({ state, silence }: Runtime): object {
  const since = new Date(state.since).toISOString();
  if (state.kind === 'down') return { state: 'down', since, reason: state.reason };
  const { runtimeName: name, runtimeVersion: version, packages } = state;
  return { state: 'up', since, notAnsweringSince: isoTime(silence?.since), name, version, packages };
}

function isoTime(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}

function snapshotOf(plan: Plan, runtime: Runtime): object {
  const { pods, containers, images } = plan.node.of(runtime);
  return { pods: listingOf(pods), containers: listingOf(containers), images: listingOf(images) };
}

/** Null for a list that was never seen. */
function listingOf(listing: Listing): object | null {
  if (listing.takenAt === undefined) return null;
  return { items: listing.index().size, ageSeconds: Math.max(0, steadyNow() - listing.takenAt) / 1000 };
}
