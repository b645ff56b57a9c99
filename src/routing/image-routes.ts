import type { CallOptions, Reply } from '../base/call.ts';
import { Code } from '../base/codes.ts';
import { ProxyError } from '../base/error.ts';
import { isImage } from '../cri/filter.ts';
import { FIRST_SEEN } from '../cri/pod-identity.ts';
import { hasFirstField } from '../cri/read.ts';
import { askedFor } from './asked.ts';
import { pause } from './budget.ts';
import type { Plan } from './plan.ts';
import { namedRuntime } from './pod-owner.ts';
import type { Runtime } from './runtime.ts';
import { runtimeName, TARGET_RUNTIME } from './runtimes.ts';
import { isReply, samplesPart } from './samples-part.ts';
import type { UnaryRoute } from './unary-route.ts';

/** Who an image call is for, and whether it is one for a pod at all. */
interface ImageOwner {
  readonly runtime: Runtime | undefined;
  readonly isForPod: boolean;
}

/**
 * The runtime of the pod that an image call is for: by its handler or annotation, else by a sandbox that is known; else the
 * one that the image's name begins with. The kubelet sends the pod's annotations with ImageStatus and PullImage since 1.19,
 * its handler behind a feature gate that is off (RuntimeClassInImageCriAPI), its uid with PullImage alone.
 */
function findOwner(plan: Plan, request: Buffer): ImageOwner {
  const handler = plan.read('handler', request);
  const annotations = plan.readAnnotations(request);
  const runtime =
    namedRuntime(plan.runtimes, handler, annotations.get(TARGET_RUNTIME)) ??
    plan.node.runtimeOfPod({
      uid: plan.read('podUid', request),
      firstSeen: annotations.get(FIRST_SEEN) ?? '',
    }) ??
    plan.runtimes.ownerOfImage(plan.read('image', request));
  return { runtime, isForPod: handler !== '' || annotations.size > 0 };
}

/** A pull that says nothing of a pod is the primary's. */
export const pullTarget: UnaryRoute = async (plan, request, options) =>
  plan.call(findOwner(plan, request).runtime ?? plan.runtimes.primary, request, options);

/**
 * Without a pod: in the order of the runtimes, all asked at once, the first that has it. That an image is missing may only be
 * said when every runtime that could have it answered: the kubelet looks up an image's user in this way, and takes none for
 * root. One that hangs is waited for no longer than a list would, once another one has it.
 */
export const firstHolder: UnaryRoute = async (plan, request, options) => {
  const { runtime: owner, isForPod } = findOwner(plan, request);
  if (owner !== undefined || isForPod) return plan.call(owner ?? plan.runtimes.primary, request, options);
  const asked = askedFor(plan, request);
  const answers = asked.map(runtime => holderAnswer(plan, runtime, request, options));
  const held = Promise.any(answers.map(answer => answer.then(each => (isHeld(each) ? each : Promise.reject(each)))));
  held.catch(() => {});
  let fault: ProxyError | undefined;
  let lacking: ProxyError | undefined;
  let missing: Reply | undefined;
  for (const [index, answer] of answers.entries()) {
    const limit = plan.listTimeout(asked[index]!);
    const late = held.then(each => pause(limit, options.signal).then(() => each));
    const each = await Promise.race([answer, late.catch(() => answer)]);
    if (isHeld(each)) return each.reply;
    if ('reply' in each) missing ??= each.reply;
    else if (lacksImages(each.fault)) lacking ??= each.fault;
    else fault ??= each.fault;
  }
  if (fault !== undefined) throw fault;
  if (missing === undefined) throw lacking!;
  return missing;
};

type HolderAnswer = { readonly reply: Reply; readonly held: boolean } | { readonly fault: ProxyError };

function isHeld(answer: HolderAnswer): answer is { reply: Reply; held: true } {
  return 'held' in answer && answer.held;
}

async function holderAnswer(
  plan: Plan,
  runtime: Runtime,
  request: Buffer,
  options: CallOptions,
): Promise<HolderAnswer> {
  try {
    const reply = await plan.call(runtime, request, options);
    return { reply, held: plan.readAnswer(runtime, () => hasFirstField(reply.message)) };
  } catch (fault) {
    return { fault: ProxyError.from(fault) };
  }
}

/** A runtime without the method has no images. */
function lacksImages(fault: ProxyError): boolean {
  return fault.code === Code.Unimplemented;
}

/** A runtime that does not have it has nothing to do. */
export const everyHolder: UnaryRoute = async (plan, request, options) => {
  const owner = findOwner(plan, request).runtime;
  if (owner !== undefined) return plan.call(owner, request, options);
  const image = plan.read('image', request);
  const parts = await Promise.all(
    askedFor(plan, request).map(runtime =>
      mayHold(plan, runtime, image)
        ? plan.call(runtime, request, options).catch(ProxyError.from)
        : removeUnlisted(plan, runtime, request, options),
    ),
  );
  const replies = parts.filter(isReply);
  const faults = parts.filter(part => part instanceof ProxyError);
  const grave = faults.find(fault => fault.code !== Code.NotFound && !lacksImages(fault));
  if (grave !== undefined || replies.length === 0) throw grave ?? faults[0]!;
  return replies[0]!;
};

/** As far as is known: the primary, which may still come up in time, may always. */
function mayHold(plan: Plan, runtime: Runtime, image: string): boolean {
  const { images } = plan.node.of(runtime);
  if (runtime === plan.runtimes.primary || images.takenAt === undefined || !plan.node.isFresh(images.takenAt))
    return true;
  return [...images.index().values()].some(item => isImage(item, image));
}

/** A secondary that is down or hangs, and has no such image, must not keep the kubelet from freeing disk space. */
async function removeUnlisted(
  plan: Plan,
  runtime: Runtime,
  request: Buffer,
  options: CallOptions,
): Promise<Reply | ProxyError> {
  const part = await samplesPart(plan, runtime, request, options);
  if (isReply(part) || (part.code !== Code.Unavailable && part.code !== Code.DeadlineExceeded)) return part;
  return new ProxyError(Code.NotFound, `criproxy: the ${runtimeName(runtime)} has no such image`, { cause: part });
}
