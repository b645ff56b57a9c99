import type { CallOptions, Reply } from '../base/call.ts';
import type { Plan } from './plan.ts';

/** Sends a unary call where it belongs and joins the answers. Throws, or rejects. */
export type UnaryRoute = (plan: Plan, request: Buffer, options: CallOptions) => Promise<Reply>;

/** Answers as one; concatenated they are protobuf's merge. The metadata is that of the first, the primary where it was asked. */
export function joinReplies(
  replies: readonly Reply[],
  join: (...messages: Buffer[]) => Buffer = (...messages) => Buffer.concat(messages),
): Reply {
  const { headers, trailers } = replies[0] ?? { headers: [], trailers: [] };
  const message = replies.length === 1 ? replies[0]!.message : join(...replies.map(reply => reply.message));
  return { message, headers, trailers };
}
