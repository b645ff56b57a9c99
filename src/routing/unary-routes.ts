import type { CallOptions, Reply } from '../base/call.ts';
import type { Route } from '../cri/tables/methods.ts';
import { askOwner } from './call/ask-owner.ts';
import { askedFor } from './call/asked.ts';
import type { MethodPlan } from './call/method-plan.ts';
import { joinReplies, type UnaryRoute } from './call/unary-route.ts';
import { listImages } from './images/image-list-routes.ts';
import { pullImage } from './images/image-pull.ts';
import { removeImage } from './images/image-removal.ts';
import { imageStatus } from './images/image-status.ts';
import { listPart } from './lists/list-part.ts';
import { createContainer } from './pods/create-container.ts';
import { refuseCollision } from './pods/id-collision.ts';
import { choosePlace, startPod } from './pods/start-pod.ts';
import type { Runtime } from './port/runtime.ts';
import { imageFs } from './samples/image-fs-info.ts';
import { samples } from './samples/sample-routes.ts';
import type { IdKind } from './state/owners.ts';
import { identity } from './status/identity.ts';
import { nodeStatus, runtimeConfig } from './status/status-route.ts';

const toOne =
  (choose: (plan: MethodPlan, request: Buffer) => Runtime): UnaryRoute =>
  (plan, request, options) =>
    plan.call(choose(plan, request), request, options);

const byPodConfig: UnaryRoute = async (plan, request, options) => {
  const placement = choosePlace(plan, request);
  return withoutCollision(plan, placement.runtime, startPod(plan, placement, request, options), options);
};

const byId =
  (kind: IdKind): UnaryRoute =>
  (plan, request, options) => {
    const id = plan.read(kind, request);
    const owner = plan.owners.find(kind, id);
    if (owner === undefined)
      return askOwner(plan, kind, id, options).then(found => callOwner(plan, found, request, options));
    return callOwner(plan, owner, request, options);
  };

function callOwner(plan: MethodPlan, owner: Runtime, request: Buffer, options: CallOptions): Promise<Reply> {
  if (plan.method.effect !== 'addContainer') return plan.call(owner, request, options);
  return withoutCollision(plan, owner, createContainer(plan, owner, request, options), options);
}

async function withoutCollision(
  plan: MethodPlan,
  runtime: Runtime,
  call: Promise<Reply>,
  options: CallOptions,
): Promise<Reply> {
  const reply = await call;
  await refuseCollision(plan, runtime, reply.message, options);
  return reply;
}

/** All runtimes at the same time; each has a part, live or from its snapshot. */
const list: UnaryRoute = async (plan, request, options) => {
  const asked = askedFor(plan, request);
  const parts = await Promise.all(asked.map(runtime => listPart(plan, runtime, request, options)));
  return joinReplies(plan, parts);
};

/** The handler of each route for unary methods. */
export const unaryRoutes: Readonly<Record<Exclude<Route, 'events'>, UnaryRoute>> = {
  primary: toOne(plan => plan.runtimes.primary),
  identity,
  status: nodeStatus,
  config: runtimeConfig,
  // The other runtimes get the call from RuntimeConfigReplay.
  all: toOne(plan => plan.runtimes.primary),
  byPodConfig,
  byPod: byId('pod'),
  byContainer: byId('container'),
  byImage: pullImage,
  firstHolder: imageStatus,
  everyHolder: removeImage,
  list,
  images: listImages,
  samples,
  imageFs,
};
