import type { CallOptions, Reply } from '../../base/call.ts';
import { Code } from '../../base/codes.ts';
import { ProxyError } from '../../base/error.ts';
import { ownCall } from '../../base/own-call.ts';
import { runtimeName } from '../../base/runtime-name.ts';
import { handlerOfImage, isImage } from '../../cri/read/filter.ts';
import { isUsedBy } from '../../cri/read/image-use.ts';
import { itemId } from '../../cri/read/listing.ts';
import { LIST_LIMIT } from '../asking/ask-list.ts';
import { within } from '../asking/budget.ts';
import { askedFor } from '../call/asked.ts';
import { askAll, doubtful, imageInSnapshot, lacksService, patience } from '../call/holding.ts';
import type { MethodPlan } from '../call/method-plan.ts';
import type { UnaryRoute } from '../call/unary-route.ts';
import { isDigest } from '../port/names.ts';
import type { Runtime } from '../port/runtime.ts';
import { isSilence } from '../port/silence.ts';

/** A RemoveImageResponse. In CRI the removal of a missing image succeeds. */
const done: Reply = { message: Buffer.alloc(0), headers: [], trailers: [] };

/**
 * Removes an image from the runtimes that list it under exactly this id, or by this name, and whose containers do not use it. The
 * kubelet removes by the ids in ListImages (image_gc_manager.go, freeImage), and a runtime may take the id of another runtime for its
 * own: containerd finds its `sha256:` image by the bare digits of CRI-O's id, and removes it under a running container.
 */
export const removeImage: UnaryRoute = async (plan, request, options) => {
  const { all, primary, handlers } = plan.runtimes;
  const image = plan.read('image', request);
  const handler = plan.read('handler', request);
  const owner = handlers.route(handler)?.runtime ?? plan.runtimes.ownerOfImage(image);
  // A name with a runtime's prefix goes to that runtime unjudged, as without a proxy; so does every name if there is one runtime.
  if (all.length === 1 || (owner !== undefined && !isDigest(image))) {
    return plan.call(owner ?? primary, request, options);
  }
  const asked = owner === undefined ? askedFor(plan, request) : [owner];
  const wanted: Wanted = { image, handler: owner === undefined ? handler : '' };
  const parts = await Promise.all(asked.map(runtime => removeFrom(plan, runtime, wanted, request, options)));
  const fault = parts.find(part => part instanceof ProxyError);
  if (fault !== undefined) throw fault;
  const reply = parts.find(part => part !== undefined);
  if (reply !== undefined) return reply as Reply;
  // Runtimes know names by rules of their own; an id that is in no list is in no runtime.
  return isDigest(image) ? done : plan.call(primary, request, options);
};

/** The image to be removed. `handler`: a handler without a row, as ListImages shows it; empty for any. */
interface Wanted {
  readonly image: string;
  readonly handler: string;
}

/** The runtime's answer, or the reason why the image is still there; undefined if it has no such image. */
async function removeFrom(
  plan: MethodPlan,
  runtime: Runtime,
  wanted: Wanted,
  request: Buffer,
  options: CallOptions,
): Promise<Reply | ProxyError | undefined> {
  const { image } = wanted;
  const isPrimary = runtime === plan.runtimes.primary;
  const limit = performance.now() + patience(plan, runtime, options);
  try {
    if (!(await within(patience(plan, runtime, options), hasUnused(plan, runtime, wanted, options)))) return undefined;
    if (options.signal.aborted) return new ProxyError(Code.Cancelled, 'the client has cancelled the call');
    if (isPrimary) return await plan.call(runtime, request, options);
    return await within(Math.max(1, limit - performance.now()), lastingRemoval(plan, runtime, request, options));
  } catch (error) {
    const fault = ProxyError.from(error);
    if (fault.code === Code.NotFound || lacksService(plan, runtime, image, fault)) return undefined;
    if (isPrimary) return fault;
    if (!isSilence(fault)) return fault;
    // A secondary that is down or hangs must not keep the kubelet from freeing disk space if it has no such image.
    return imageInSnapshot(plan, runtime, image) === 'no'
      ? undefined
      : doubtful(runtime, `the image "${image}"`, fault);
  }
}

/** Whether the runtime lists the image and no container there uses it. Rejects if one uses it, and when that cannot be known. */
async function hasUnused(plan: MethodPlan, runtime: Runtime, wanted: Wanted, options: CallOptions): Promise<boolean> {
  const images = await askAll(plan, runtime, 'ListImages', options);
  const items = [...images.values()].filter(item => isWanted(wanted, item));
  if (items.length === 0) return false;
  const containers = await askAll(plan, runtime, 'ListContainers', options);
  const user = [...containers].find(([, container]) => items.some(item => isUsedBy(item, container)));
  if (user === undefined) return true;
  throw new ProxyError(
    Code.FailedPrecondition,
    `criproxy: the image "${wanted.image}" of ${runtimeName(runtime.id)} is used by its container ${plan.owners.shownId(runtime, user[0])}: remove that first`,
  );
}

function isWanted({ image, handler }: Wanted, item: Buffer): boolean {
  if (handler !== '' && handlerOfImage(item) !== handler) return false;
  return isDigest(image) ? itemId(item) === image : isImage(item, image);
}

/**
 * The removal goes on when the client has left: a large image's removal would otherwise be cut off by each try. A second removal of
 * the same image waits for the first.
 */
function lastingRemoval(plan: MethodPlan, runtime: Runtime, request: Buffer, options: CallOptions): Promise<Reply> {
  const { removals } = plan.node.of(runtime);
  // An image that was pulled for two handlers is two images.
  const image = `${plan.read('handler', request)} ${plan.read('image', request)}`;
  const before = removals.get(image);
  if (before !== undefined) return before;
  const own = ownCall(LIST_LIMIT, options.metadata, options.watched);
  const removal = plan.call(runtime, request, own).finally(() => removals.delete(image));
  removals.set(image, removal);
  return removal;
}
