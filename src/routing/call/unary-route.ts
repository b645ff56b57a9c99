import type { CallOptions, Reply } from '../../base/call.ts';
import type { MethodPlan } from './method-plan.ts';

/** Sends a unary call to its runtimes and joins the answers. Throws, or rejects. */
export type UnaryRoute = (plan: MethodPlan, request: Buffer, options: CallOptions) => Promise<Reply>;

/**
 * The answers as one, by the rule of the method. The metadata comes from the first answer, the primary's if it was asked. Throws
 * Internal for an answer of the primary that cannot be joined; answers of secondaries are checked on arrival.
 */
export function joinReplies(plan: MethodPlan, replies: readonly Reply[]): Reply {
  const { headers, trailers } = replies[0] ?? { headers: [], trailers: [] };
  const messages = replies.map(reply => reply.message);
  const message =
    messages.length === 1 ? messages[0]! : plan.readAnswer(plan.runtimes.primary, () => plan.join(...messages));
  return { message, headers, trailers };
}
