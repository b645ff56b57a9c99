import type { CallOptions, Reply } from '../base/call.ts';
import { Code } from '../base/codes.ts';
import { ProxyError } from '../base/error.ts';
import type { Route } from '../cri/methods.ts';
import { hasFirstField } from '../cri/read.ts';
import { askedFor } from './asked.ts';
import type { Plan } from './plan.ts';
import type { Runtime } from './runtime.ts';
import { TARGET_RUNTIME } from './runtimes.ts';

/** Sends a unary call where it belongs and joins the answers. */
export type UnaryRoute = (plan: Plan, request: Buffer, options: CallOptions) => Promise<Reply>;

const toOne =
  (choose: (plan: Plan, request: Buffer) => Runtime): UnaryRoute =>
  async (plan, request, options) =>
    plan.call(choose(plan, request), request, options);

/** A digest goes to the primary where only one runtime can do it. */
function ownerOfImage(plan: Plan, request: Buffer): Runtime {
  return plan.runtimes.ownerOfImage(plan.read('image', request)) ?? plan.runtimes.primary;
}

/** All of them at the same time; their answers, concatenated, are protobuf's merge of them. */
const join: UnaryRoute = async (plan, request, options) => {
  const asked = askedFor(plan, request);
  if (asked.length === 1) return plan.call(asked[0]!, request, options);
  return merge(await Promise.all(asked.map(runtime => plan.call(runtime, request, options))));
};

/** Metrics are samples, not state: those of a runtime without the method are missed by nobody who decides on them. */
const joinSamples: UnaryRoute = async (plan, request, options) => {
  const replies = askedFor(plan, request).map(runtime => {
    const reply = plan.call(runtime, request, options);
    return runtime === plan.runtimes.primary ? reply : reply.catch(noneIfUnimplemented);
  });
  return merge(await Promise.all(replies));
};

function noneIfUnimplemented(fault: unknown): Reply {
  const error = ProxyError.from(fault);
  if (error.code !== Code.Unimplemented) throw error;
  return { message: Buffer.alloc(0), headers: [], trailers: [] };
}

/** The metadata is that of the first, the primary where it was asked. */
function merge(replies: readonly Reply[]): Reply {
  const { headers, trailers } = replies[0] ?? { headers: [], trailers: [] };
  return { message: Buffer.concat(replies.map(reply => reply.message)), headers, trailers };
}

/** In the order of the runtimes. That an image is missing may only be said when every runtime that could have it answered. */
const firstHolder: UnaryRoute = async (plan, request, options) => {
  const owner = plan.runtimes.ownerOfImage(plan.read('image', request));
  if (owner !== undefined) return plan.call(owner, request, options);
  let missing: Reply | undefined;
  let failed: unknown;
  for (const runtime of askedFor(plan, request)) {
    try {
      const reply = await plan.call(runtime, request, options);
      if (hasFirstField(reply.message)) return reply;
      missing ??= reply;
    } catch (fault) {
      failed ??= fault;
    }
  }
  if (failed !== undefined) throw failed;
  return missing!;
};

/** A runtime that does not have it has nothing to do. */
const everyHolder: UnaryRoute = async (plan, request, options) => {
  const owner = plan.runtimes.ownerOfImage(plan.read('image', request));
  if (owner !== undefined) return plan.call(owner, request, options);
  const asked = askedFor(plan, request);
  const results = await Promise.allSettled(asked.map(runtime => plan.call(runtime, request, options)));
  const replies = results.filter(result => result.status === 'fulfilled').map(result => result.value);
  const faults = results.filter(result => result.status === 'rejected').map(result => ProxyError.from(result.reason));
  const grave = faults.find(fault => fault.code !== Code.NotFound);
  if (grave !== undefined || replies.length === 0) throw grave ?? faults[0]!;
  return replies[0]!;
};

/** How each route of a unary method is taken. */
export const unaryRoutes: Readonly<Record<Exclude<Route, 'events'>, UnaryRoute>> = {
  primary: toOne(plan => plan.runtimes.primary),
  all: join,
  byPodConfig: toOne((plan, request) =>
    plan.runtimes.ownerByAnnotation(plan.readPodAnnotation(TARGET_RUNTIME, request)),
  ),
  byPod: toOne((plan, request) => plan.runtimes.ownerOfId(plan.read('pod', request))),
  byContainer: toOne((plan, request) => plan.runtimes.ownerOfId(plan.read('container', request))),
  byImage: toOne(ownerOfImage),
  firstHolder,
  everyHolder,
  join,
  joinSamples,
};
