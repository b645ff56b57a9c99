import type { Reply } from '../../base/call.ts';
import { imageMountpoint } from '../../cri/read/image-fs.ts';
import { within } from '../asking/budget.ts';
import type { MethodPlan } from '../call/method-plan.ts';
import { isReply } from '../call/prompt-answer.ts';
import { joinReplies, type UnaryRoute } from '../call/unary-route.ts';
import { askSamples } from './sample-part.ts';

/** The primary must answer, since clients that use one part alone use the primary's. */
export const imageFs: UnaryRoute = async (plan, request, options) => {
  const { primary, all } = plan.runtimes;
  const choice = plan.settings.imageFs ?? 'all';
  if (choice === 'primary') return plan.call(primary, request, options);
  const others = all.filter(runtime => runtime !== primary);
  const [first, parts] = await Promise.all([
    plan.call(primary, request, options),
    Promise.all(others.map(runtime => askSamples(plan, runtime, request, options))),
  ]);
  const replies = [first, ...parts.map(read => read()).filter(isReply)];
  return joinReplies(plan, choice === 'fullest' ? await fullestFirst(plan, replies) : replies);
};

/** The parts in the order of their filesystems' use, the fullest first; parts without a figure are last, in their order. */
async function fullestFirst(plan: MethodPlan, replies: readonly Reply[]): Promise<Reply[]> {
  const shares = await Promise.all(replies.map(({ message }) => usedShare(plan, message)));
  return replies
    .map((reply, index) => ({ reply, share: shares[index]! }))
    .sort((a, b) => b.share - a.share)
    .map(({ reply }) => reply);
}

async function usedShare(plan: MethodPlan, response: Buffer): Promise<number> {
  const { usedShare: ask, listTimeout } = plan.settings;
  try {
    const mountpoint = imageMountpoint(response);
    if (ask === undefined || mountpoint === '') return -1;
    return await within(listTimeout, ask(mountpoint));
  } catch {
    return -1;
  }
}
