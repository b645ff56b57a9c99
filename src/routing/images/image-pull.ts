import type { UnaryRoute } from '../call/unary-route.ts';
import { imageOwner } from './image-owner.ts';
import { withOwnHandler } from './own-handler.ts';

/** A pull by the runtime of the image's pod; by the primary if the call does not tell the pod. */
export const pullImage: UnaryRoute = async (plan, request, options) => {
  const owner = imageOwner(plan, request);
  if (owner === undefined) return plan.call(plan.runtimes.primary, request, options);
  return plan.call(owner.runtime, withOwnHandler(plan, owner, request), options);
};
