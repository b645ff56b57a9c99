import type { CallOptions, Reply } from '../../base/call.ts';
import { Code } from '../../base/codes.ts';
import { ProxyError } from '../../base/error.ts';
import { isImage } from '../../cri/read/filter.ts';
import { hasImage, imageOfStatus, statusOfImage } from '../../cri/read/image-answers.ts';
import { itemId } from '../../cri/read/listing.ts';
import { pause } from '../asking/budget.ts';
import { askedFor } from '../call/asked.ts';
import { doubtful, imageInSnapshot, isSilent, lacksService } from '../call/holding.ts';
import type { MethodPlan } from '../call/method-plan.ts';
import { isReply, promptAnswer } from '../call/prompt-answer.ts';
import type { UnaryRoute } from '../call/unary-route.ts';
import { isDigest } from '../port/names.ts';
import type { Runtime } from '../port/runtime.ts';
import { isSilence } from '../port/silence.ts';
import { imageOwner } from './image-owner.ts';
import { withOwnHandler } from './own-handler.ts';

/** An ImageStatusResponse without an image: the image is missing. */
const missing: Reply = { message: Buffer.alloc(0), headers: [], trailers: [] };

/**
 * The status from the runtime of the image's pod. If the call does not tell the pod, all runtimes are asked at once, and the first that
 * has the image counts, in their order. The kubelet looks up an image's user in this way, and asks so for a pod whose sandbox it does
 * not name. The answer is "missing" only when no runtime can have the image.
 */
export const imageStatus: UnaryRoute = async (plan, request, options) => {
  const owner = imageOwner(plan, request, 'ignored');
  if (owner !== undefined) {
    return statusOf(plan, owner.runtime, withOwnHandler(plan, owner, request), options);
  }
  const asked = askedFor(plan, request);
  const looks = asked.map(runtime => look(plan, runtime, request, options));
  const held = Promise.any(looks.map(each => each.then(it => (it.kind === 'has' ? it : Promise.reject(it)))));
  held.catch(() => {});
  let fault: ProxyError | undefined;
  const lacking: Array<Reply | ProxyError> = [];
  for (const [index, each] of looks.entries()) {
    const found = await inTime(each, held, () => pause(plan.listTimeout(asked[index]!), options.signal));
    if (found.kind === 'has') return mayGuess(plan, request, found.reply) ? found.reply : missing;
    if (found.kind === 'lacks') lacking.push(found.answer);
    else fault ??= found.fault;
  }
  if (fault !== undefined) throw fault;
  const reply = lacking.find(isReply);
  if (reply === undefined && lacking[0] instanceof ProxyError) throw lacking[0];
  return reply ?? missing;
};

/** A runtime's answer; the answer of another runtime that has the image where this one hangs, for as long as a list waits. */
async function inTime(each: Promise<Look>, held: Promise<Look>, wait: () => Promise<void>): Promise<Look> {
  let isOver = false;
  const own = each.then(it => {
    isOver = true;
    return it;
  });
  await Promise.race([own, held.catch(() => own)]);
  return isOver ? own : Promise.race([own, wait().then(() => held)]);
}

/** For a call by a name alone: false if no container could be created from an image that was reported as present. */
function mayGuess(plan: MethodPlan, request: Buffer, { message }: Reply): boolean {
  if (plan.hasAnnotations(request) || isDigest(plan.read('image', request))) return true;
  return plan.node.imageGuesses.say(itemId(imageOfStatus(message)!));
}

/** A runtime's answer to the question whether it has an image; `answer`: its own response for "no". */
type Look =
  | { readonly kind: 'has'; readonly reply: Reply }
  | { readonly kind: 'lacks'; readonly answer: Reply | ProxyError }
  | { readonly kind: 'unknown'; readonly fault: ProxyError };

async function look(plan: MethodPlan, runtime: Runtime, request: Buffer, options: CallOptions): Promise<Look> {
  const isPrimary = runtime === plan.runtimes.primary;
  const image = plan.read('image', request);
  const listed = () => (isPrimary ? undefined : lookInSnapshot(plan, runtime, request));
  const known = isSilent(plan, runtime) ? listed() : undefined;
  if (known !== undefined) return known;
  try {
    const part = isPrimary
      ? await plan.call(runtime, request, options)
      : await promptAnswer(plan, runtime, request, options);
    if (part instanceof ProxyError) throw part;
    const has = plan.readAnswer(runtime, () => hasImage(part.message));
    return has ? { kind: 'has', reply: part } : { kind: 'lacks', answer: part };
  } catch (error) {
    const fault = ProxyError.from(error);
    if (fault.code === Code.NotFound || lacksService(plan, runtime, image, fault))
      return { kind: 'lacks', answer: fault };
    const doubt = isPrimary || !isSilence(fault) ? fault : doubtful(runtime, `the image "${image}"`, fault);
    return listed() ?? { kind: 'unknown', fault: doubt };
  }
}

/** The answer of a fresh snapshot, which has the same Image that the status would have; undefined if it has none. */
function lookInSnapshot(plan: MethodPlan, runtime: Runtime, request: Buffer): Look | undefined {
  const image = plan.read('image', plan.names(runtime).encode(request));
  const held = imageInSnapshot(plan, runtime, image);
  if (held === 'unknown') return undefined;
  if (held === 'no') return { kind: 'lacks', answer: missing };
  const items = [...plan.node.of(runtime).images.index().values()];
  const status = statusOfImage(items.find(item => isImage(item, image))!);
  return { kind: 'has', reply: { ...missing, message: plan.names(runtime).decode(status, request) } };
}

/** A secondary without an image service has no images. */
async function statusOf(plan: MethodPlan, runtime: Runtime, request: Buffer, options: CallOptions): Promise<Reply> {
  try {
    return await plan.call(runtime, request, options);
  } catch (error) {
    const fault = ProxyError.from(error);
    if (runtime === plan.runtimes.primary || !lacksService(plan, runtime, plan.read('image', request), fault))
      throw fault;
    return missing;
  }
}
