import type { MethodPlan } from '../call/method-plan.ts';
import { isReply, promptAnswer } from '../call/prompt-answer.ts';
import type { UnaryRoute } from '../call/unary-route.ts';
import type { Runtime } from '../port/runtime.ts';
import { isSilence } from '../port/silence.ts';

/**
 * Version tells the primary's name, not its state, so the last answer is valid while it is down or hangs. Clients such as crictl ask
 * for it first, and could not reach the other runtimes without it.
 */
export const identity: UnaryRoute = async (plan, request, options) => {
  const { primary } = plan.runtimes;
  const known = lastVersion(plan, primary);
  if (known === undefined) return plan.call(primary, request, options);
  if (primary.state.kind === 'up' && primary.silence?.since === undefined) {
    const part = await promptAnswer(plan, primary, request, options);
    if (isReply(part)) return part;
    if (!isSilence(part)) throw part;
  }
  return { message: known, headers: [], trailers: [] };
};

/** The answer in the client's package, else in the best package of the runtime. */
function lastVersion({ client, node }: MethodPlan, primary: Runtime): Buffer | undefined {
  const { versions } = node.of(primary);
  return versions.get(client) ?? versions.values().next().value;
}
