import type { Reply } from '../base/call.ts';
import { imageMountpoint } from '../cri/image-fs.ts';
import { askedFor } from './asked.ts';
import { within } from './budget.ts';
import type { Plan } from './plan.ts';
import { isReply, samplesPart } from './samples-part.ts';
import { joinReplies, type UnaryRoute } from './unary-route.ts';

/** The primary must answer, since its part is the one that is used where only one can be; others have theirs if they do. */
export const imageFs: UnaryRoute = async (plan, request, options) => {
  const { primary } = plan.runtimes;
  const choice = plan.settings.imageFs ?? 'all';
  if (choice === 'primary') return plan.call(primary, request, options);
  const others = askedFor(plan, request).filter(runtime => runtime !== primary);
  const [first, ...rest] = await Promise.all([
    plan.call(primary, request, options),
    ...others.map(runtime => samplesPart(plan, runtime, request, options)),
  ]);
  const replies = [first!, ...rest].filter(isReply);
  return joinReplies(choice === 'fullest' ? await fullestFirst(plan, replies) : replies);
};

/** By the share of its image filesystem that is used; those that cannot be looked at are last, as they were. */
async function fullestFirst(plan: Plan, replies: readonly Reply[]): Promise<Reply[]> {
  const shares = await Promise.all(replies.map(({ message }) => usedShare(plan, message)));
  return replies
    .map((reply, index) => ({ reply, share: shares[index]! }))
    .sort((a, b) => b.share - a.share)
    .map(({ reply }) => reply);
}

async function usedShare(plan: Plan, response: Buffer): Promise<number> {
  const { usedShare: ask, listTimeout } = plan.settings;
  try {
    const mountpoint = imageMountpoint(response);
    if (ask === undefined || mountpoint === '') return -1;
    return await within(listTimeout, ask(mountpoint));
  } catch {
    return -1;
  }
}
