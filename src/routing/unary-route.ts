import type { CallOptions, Reply } from '../base/call.ts';
import type { Plan } from './plan.ts';

/** Sends a unary call where it belongs and joins the answers. Throws, or rejects. */
export type UnaryRoute = (plan: Plan, request: Buffer, options: CallOptions) => Promise<Reply>;

/** Answers as one, by the rule of the method. The metadata is that of the first, the primary where it was asked. */
export function joinReplies(plan: Plan, replies: readonly Reply[]): Reply {
  const { headers, trailers } = replies[0] ?? { headers: [], trailers: [] };
  const message = replies.length === 1 ? replies[0]!.message : plan.join(...replies.map(reply => reply.message));
  return { message, headers, trailers };
}
