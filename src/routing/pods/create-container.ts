import type { CallOptions, Reply } from '../../base/call.ts';
import { ProxyError } from '../../base/error.ts';
import { imageOfSpec } from '../../cri/read/image-answers.ts';
import { createdContainer } from '../../cri/read/item-names.ts';
import { itemId } from '../../cri/read/listing.ts';
import { snapshotHolds } from '../call/holding.ts';
import type { MethodPlan } from '../call/method-plan.ts';
import { withOwnImageIds } from '../images/own-image-id.ts';
import type { Runtime } from '../port/runtime.ts';
import { isUnanswered } from '../port/silence.ts';

/** CreateContainer, with the image's id in the form of its runtime. A failure disproves a guess that the image is present. */
export async function createContainer(
  plan: MethodPlan,
  runtime: Runtime,
  request: Buffer,
  options: CallOptions,
): Promise<Reply> {
  try {
    return await plan.call(runtime, withOwnImageIds(plan, runtime, request), options);
  } catch (error) {
    const fault = ProxyError.from(error);
    // Without an answer nothing is proved about the image.
    if (!isUnanswered(fault)) refuteGuess(plan, runtime, request);
    throw fault;
  }
}

function refuteGuess(plan: MethodPlan, runtime: Runtime, request: Buffer): void {
  const id = imageOfSpec(createdContainer(request, Buffer.alloc(0)).image);
  if (snapshotHolds(plan, runtime, 'ListImages', (_, item) => itemId(item) === id) !== 'yes')
    plan.node.imageGuesses.refute(id);
}
