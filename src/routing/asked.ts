import { unavailable } from './availability.ts';
import type { Plan } from './plan.ts';
import type { Runtime } from './runtime.ts';

/**
 * The runtimes that have a part in the answer to a call for many of them, the primary first: that which the filter names,
 * none if the filter contradicts itself, else all. A secondary that has never been up has nothing to say and is left out;
 * for one that was up and is not, this throws Unavailable, since an answer without it would say that its pods are gone.
 */
export function askedFor(plan: Plan, request: Buffer): readonly Runtime[] {
  const owners = filterOwners(plan, request);
  if (owners.size > 1) return [];
  if (owners.size === 1) return [...owners];
  return plan.runtimes.all.filter(runtime => hasPart(plan, runtime));
}

function filterOwners(plan: Plan, request: Buffer): Set<Runtime> {
  const owners = new Set<Runtime>();
  if (request.length === 0) return owners;
  for (const kind of ['pod', 'container'] as const) {
    const id = plan.read(kind, request);
    if (id !== '') owners.add(plan.runtimes.ownerOfId(id));
  }
  const image = plan.read('image', request);
  const owner = image === '' ? undefined : plan.runtimes.ownerOfImage(image);
  if (owner !== undefined) owners.add(owner);
  return owners;
}

function hasPart(plan: Plan, runtime: Runtime): boolean {
  const { state } = runtime;
  if (state.kind === 'up' || runtime === plan.runtimes.primary) return true;
  if (state.seen) throw unavailable(runtime, state);
  return false;
}
