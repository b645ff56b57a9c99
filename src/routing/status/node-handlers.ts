import { readFeatures, readHandlers, sharedFeatures, withHandlers } from '../../cri/read/node-status.ts';
import { hasPart } from '../call/asked.ts';
import type { MethodPlan } from '../call/method-plan.ts';
import type { Runtime } from '../port/runtime.ts';

/** A runtime's own statement: the features of its handlers, by its own names, and of the runtime as a whole. */
interface Said {
  readonly runtime: Runtime;
  readonly handlers: ReadonlyMap<string, Buffer>;
  readonly features: Buffer | undefined;
}

/**
 * A StatusResponse of the primary with the handlers of all runtimes under the names that clients use, and with the features that hold
 * on every runtime. A kubelet takes a feature as true for the whole node (as in pkg/kubelet/userns/userns_manager.go), and a runtime
 * without it runs the pod silently without it. An empty list of handlers stays empty: with the first entry the kubelet refuses pods
 * of handlers that are not listed.
 */
export function withAllHandlers(plan: MethodPlan, status: Buffer): Buffer {
  const { all, primary, handlers } = plan.runtimes;
  if (all.length === 1 && !handlers.renames(primary)) return status;
  const said = all
    .filter(runtime => hasPart(plan, runtime))
    .map(runtime => readSaid(runtime, runtime === primary ? status : plan.node.statuses.lastOf(runtime)));
  const features = sharedFeatures(said.map(each => each.features));
  const own = said[0]!.handlers;
  return withHandlers(status, own.size === 0 ? own : shownHandlers(plan, said), features);
}

/** A malformed status of a secondary is ignored; throws a WireError for the primary's. */
function readSaid(runtime: Runtime, status: Buffer | undefined): Said {
  const nothing: Said = { runtime, handlers: new Map(), features: undefined };
  if (status === undefined) return nothing;
  try {
    return { runtime, handlers: readHandlers(status), features: readFeatures(status) };
  } catch (fault) {
    if (runtime.id === '') throw fault;
    return nothing;
  }
}

/**
 * The primary's own names, the names in the table, then names that a secondary alone has, which the annotation can reach. A name in the
 * table has the features of its runtime. Any other name may lead to each runtime that lists it, and to each runtime without a list,
 * which may have it.
 */
function shownHandlers({ runtimes }: MethodPlan, said: readonly Said[]): Map<string, Buffer> {
  const { handlers, all } = runtimes;
  const isFree = (name: string) => handlers.route(name) === undefined;
  const shared = (name: string): [string, Buffer] => {
    const reached = said.filter(each => each.handlers.size === 0 || each.handlers.has(name));
    return [name, sharedFeatures(reached.map(each => each.handlers.get(name)))];
  };
  const namesOf = (each: readonly Said[]) => each.flatMap(({ handlers: own }) => [...own.keys()]).filter(isFree);
  const mapped = all.flatMap(runtime => {
    const own = said.find(each => each.runtime === runtime)?.handlers;
    return handlers.namesOf(runtime).map(([name, at]): [string, Buffer] => [name, own?.get(at) ?? Buffer.alloc(0)]);
  });
  return new Map([...namesOf(said.slice(0, 1)).map(shared), ...mapped, ...namesOf(said.slice(1)).map(shared)]);
}
