import { idPrefix } from '../port/names.ts';
import type { Runtime } from '../port/runtime.ts';
import type { Runtimes } from '../port/runtimes.ts';
import type { NodeState } from './node-state.ts';

/** The runtime that an id names by a prefix, and its own id there. The prefix may be from before a change of the runtime's id. */
export interface NamedId {
  readonly runtime: Runtime;
  readonly own: string;
}

/** Undefined for an id that names no runtime. */
export function readNamedId(id: string, runtimes: Runtimes, node: NodeState): NamedId | undefined {
  for (const runtime of runtimes.all) {
    const own = node.of(runtime).shownIds.ownId(id);
    if (own !== undefined) return { runtime, own };
  }
  const runtime = runtimes.ownerByPrefix(id);
  return runtime && { runtime, own: id.slice(idPrefix(runtime.id).length) };
}
