import type { CallOptions } from '../base/call.ts';
import { idFilterRequest, itemsById } from '../cri/listing.ts';
import { ownCall } from './ask-list.ts';
import { hasPart } from './asked.ts';
import { unavailable } from './availability.ts';
import { within } from './budget.ts';
import { ambiguous, type IdKind } from './owners.ts';
import type { Plan } from './plan.ts';
import type { Runtime } from './runtime.ts';

/**
 * The runtime that has a pod or container of this raw id, which no snapshot has: all are asked for it at the same time. The
 * primary's, if nobody has it; but Unavailable when one that does not answer could have it: from the primary's NotFound a
 * kubelet concludes that it is gone. Rejects with InvalidArgument for an ambiguous id.
 */
export async function askOwner(plan: Plan, kind: IdKind, id: string, options: CallOptions): Promise<Runtime> {
  const { all, primary } = plan.runtimes;
  const answers = await Promise.all(all.map(runtime => holds(plan, runtime, kind, id, options)));
  const [owner, other] = all.filter((_, index) => answers[index] === 'yes');
  if (owner !== undefined && other !== undefined) throw ambiguous(kind, id, owner, other);
  if (owner !== undefined) return owner;
  const doubtful = all.find((runtime, index) => answers[index] === 'unknown' && runtime !== primary);
  if (doubtful !== undefined) throw unavailable(doubtful, doubtful.state);
  return primary;
}

async function holds(
  plan: Plan,
  runtime: Runtime,
  kind: IdKind,
  id: string,
  options: CallOptions,
): Promise<'yes' | 'no' | 'unknown'> {
  // What a snapshot does not have was not there either when the runtime went down.
  const silent = plan.node.of(runtime).known || !hasPart(plan, runtime) ? 'no' : 'unknown';
  if (runtime.state.kind === 'down') return silent;
  try {
    const { path } = plan.sibling(kind === 'pod' ? 'ListPodSandbox' : 'ListContainers').lane(runtime);
    const listTimeout = plan.listTimeout(runtime);
    const call = runtime.call(path, idFilterRequest(id), ownCall([], listTimeout, options.watched));
    const { message } = await within(listTimeout, call);
    return [...itemsById(message).keys()].some(known => known.startsWith(id)) ? 'yes' : 'no';
  } catch {
    return silent;
  }
}
