import type { Runtime } from '../port/runtime.ts';
import { TARGET_RUNTIME } from '../port/runtimes.ts';
import type { MethodPlan } from './method-plan.ts';

/** The runtimes that a call for many runtimes is for, the primary first: the one that its filter names, or all. */
export function askedFor(plan: MethodPlan, request: Buffer): readonly Runtime[] {
  const owners = filterOwners(plan, request);
  // No item passes a filter that names two runtimes.
  if (owners.size > 1) return [];
  if (owners.size === 1) return [...owners];
  return plan.runtimes.all.filter(runtime => hasPart(plan, runtime));
}

function filterOwners(plan: MethodPlan, request: Buffer): Set<Runtime> {
  const owners = new Set<Runtime>();
  if (request.length === 0) return owners;
  for (const kind of ['pod', 'container'] as const) {
    const id = plan.read(kind, request);
    const [owner, ...others] = id === '' ? [] : plan.owners.candidates(kind, id);
    if (owner !== undefined && others.length === 0) owners.add(owner);
  }
  for (const owner of [ownerByImage(plan, request), ownerByHandler(plan, request), ownerByAnnotation(plan, request)]) {
    if (owner !== undefined) owners.add(owner);
  }
  return owners;
}

function ownerByImage(plan: MethodPlan, request: Buffer): Runtime | undefined {
  const image = plan.read('image', request);
  return image === '' ? undefined : plan.runtimes.ownerOfImage(image);
}

function ownerByHandler(plan: MethodPlan, request: Buffer): Runtime | undefined {
  const handler = plan.read('handler', request);
  return handler === '' ? undefined : plan.runtimes.handlers.route(handler)?.runtime;
}

/** An annotation that names no runtime is ignored: runtimes do not choose by annotations. */
function ownerByAnnotation(plan: MethodPlan, request: Buffer): Runtime | undefined {
  const target = plan.readAnnotation(TARGET_RUNTIME, request);
  return plan.runtimes.isTarget(target) ? plan.runtimes.ownerByAnnotation(target) : undefined;
}

/**
 * A secondary that was never up on this node has no pods and no images. A runtime that runs in a pod of the primary could never start
 * if lists failed without it.
 */
export function hasPart(plan: MethodPlan, runtime: Runtime): boolean {
  if (runtime === plan.runtimes.primary) return true;
  return runtime.state.kind === 'up' || plan.node.of(runtime).seen;
}
