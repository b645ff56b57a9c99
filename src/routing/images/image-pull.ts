import type { UnaryRoute } from '../call/unary-route.ts';
import { imageOwner } from './image-owner.ts';
import { withOwnHandler } from './own-handler.ts';

/** Of the runtime of the image's pod; a pull that nothing tells of is the primary's. */
export const pullImage: UnaryRoute = async (plan, request, options) => {
  const owner = imageOwner(plan, request);
  if (owner === undefined) return plan.call(plan.runtimes.primary, request, options);
  return plan.call(owner.runtime, withOwnHandler(plan, owner, request), options);
};
