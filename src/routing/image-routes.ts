import type { Reply } from '../base/call.ts';
import { Code } from '../base/codes.ts';
import { ProxyError } from '../base/error.ts';
import { isImage } from '../cri/filter.ts';
import { FIRST_SEEN } from '../cri/pod-identity.ts';
import { hasFirstField } from '../cri/read.ts';
import { askedFor } from './asked.ts';
import type { Plan } from './plan.ts';
import { namedRuntime } from './pod-owner.ts';
import type { Runtime } from './runtime.ts';
import { TARGET_RUNTIME } from './runtimes.ts';
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
 * Without a pod: in the order of the runtimes, the first that has it. That an image is missing may only be said when every
 * runtime that could have it answered: the kubelet looks up an image's user in this way, and takes none for root.
 */
export const firstHolder: UnaryRoute = async (plan, request, options) => {
  const { runtime: owner, isForPod } = findOwner(plan, request);
  if (owner !== undefined || isForPod) return plan.call(owner ?? plan.runtimes.primary, request, options);
  let missing: Reply | undefined;
  let failed: unknown;
  let lacking: unknown;
  for (const runtime of askedFor(plan, request)) {
    try {
      const reply = await plan.call(runtime, request, options);
      if (hasFirstField(reply.message)) return reply;
      missing ??= reply;
    } catch (fault) {
      if (lacksImages(fault)) lacking ??= fault;
      else failed ??= fault;
    }
  }
  if (failed !== undefined) throw failed;
  if (missing === undefined) throw lacking;
  return missing;
};

/** A runtime without the method has no images. */
function lacksImages(fault: unknown): boolean {
  return ProxyError.from(fault).code === Code.Unimplemented;
}

/** A runtime that does not have it has nothing to do. */
export const everyHolder: UnaryRoute = async (plan, request, options) => {
  const owner = findOwner(plan, request).runtime;
  if (owner !== undefined) return plan.call(owner, request, options);
  const image = plan.read('image', request);
  const asked = askedFor(plan, request).filter(runtime => mayHold(plan, runtime, image));
  const results = await Promise.allSettled(asked.map(runtime => plan.call(runtime, request, options)));
  const replies = results.filter(result => result.status === 'fulfilled').map(result => result.value);
  const faults = results.filter(result => result.status === 'rejected').map(result => ProxyError.from(result.reason));
  const grave = faults.find(fault => fault.code !== Code.NotFound && !lacksImages(fault));
  if (grave !== undefined || replies.length === 0) throw grave ?? faults[0]!;
  return replies[0]!;
};

/** Not a secondary that is down and had no such image: what it cannot do must not keep the kubelet from freeing disk space. */
function mayHold(plan: Plan, runtime: Runtime, image: string): boolean {
  if (runtime === plan.runtimes.primary || runtime.state.kind === 'up') return true;
  const { images } = plan.node.of(runtime);
  if (images.takenAt === undefined || !plan.node.isFresh(images.takenAt)) return true;
  return [...images.index().values()].some(item => isImage(item, image));
}
