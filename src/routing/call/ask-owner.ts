import type { CallOptions } from '../../base/call.ts';
import type { Runtime } from '../port/runtime.ts';
import { ambiguous, type IdKind } from '../state/owners.ts';
import { doubtful, holdsId } from './holding.ts';
import type { MethodPlan } from './method-plan.ts';

/**
 * The runtime that has a pod or container with this raw id, which no snapshot has: all runtimes are asked at the same time. The
 * result is the primary if no runtime has it, but the call fails with Unavailable if a runtime without an answer could have it: from
 * the primary's NotFound a kubelet would conclude that it is gone. Rejects with InvalidArgument for an ambiguous id.
 */
export async function askOwner(plan: MethodPlan, kind: IdKind, id: string, options: CallOptions): Promise<Runtime> {
  const { all, primary } = plan.runtimes;
  const begins = (known: string) => known.startsWith(id);
  const answers = await Promise.all(all.map(runtime => holdsId(plan, runtime, kind, id, begins, options)));
  const [owner, other] = all.filter((_, index) => answers[index] === 'yes');
  if (owner !== undefined && other !== undefined) throw ambiguous(kind, id, owner, other);
  if (owner !== undefined) return owner;
  const doubted = all.find((runtime, index) => answers[index] === 'unknown' && runtime !== primary);
  if (doubted !== undefined) throw doubtful(doubted, `the ${kind} "${id}"`);
  return primary;
}
