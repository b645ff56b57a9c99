import type { CallOptions, Reply } from '../base/call.ts';
import { Code } from '../base/codes.ts';
import { ProxyError } from '../base/error.ts';
import type { Route } from '../cri/methods.ts';
import { askedFor } from './asked.ts';
import { unavailable } from './availability.ts';
import { within } from './budget.ts';
import { everyHolder, firstHolder, pullTarget } from './image-routes.ts';
import { listPart } from './list-part.ts';
import type { Plan } from './plan.ts';
import { namedRuntime } from './pod-owner.ts';
import type { Runtime } from './runtime.ts';
import { TARGET_RUNTIME } from './runtimes.ts';
import type { UnaryRoute } from './unary-route.ts';

const toOne =
  (choose: (plan: Plan, request: Buffer) => Runtime): UnaryRoute =>
  async (plan, request, options) =>
    plan.call(choose(plan, request), request, options);

/** All at the same time; each has a part, live or from its snapshot. */
const list: UnaryRoute = async (plan, request, options) => {
  const asked = askedFor(plan, request);
  return merge(await Promise.all(asked.map(runtime => listPart(plan, runtime, request, options))));
};

/**
 * Stats and metrics are samples, not state: those of a runtime that does not answer are left out, and nobody takes its pods
 * for dead. A filter's runtime, asked alone, gives its own error.
 */
const samples: UnaryRoute = async (plan, request, options) => {
  const asked = askedFor(plan, request);
  if (asked.length === 1) return plan.call(asked[0]!, request, options);
  const parts = await Promise.all(asked.map(runtime => samplesPart(plan, runtime, request, options)));
  const replies = parts.filter(isReply);
  const first = parts[0];
  // What the primary does not have, a client does without, or does in another way.
  if (first instanceof ProxyError && (first.code === Code.Unimplemented || replies.length === 0)) throw first;
  return merge(replies);
};

function isReply(part: Reply | ProxyError): part is Reply {
  return !(part instanceof ProxyError);
}

/** What a runtime says within the time that a list has, or why it says nothing. */
export async function samplesPart(
  plan: Plan,
  runtime: Runtime,
  request: Buffer,
  options: CallOptions,
): Promise<Reply | ProxyError> {
  try {
    if (runtime.state.kind === 'down') return unavailable(runtime, runtime.state);
    return await within(plan.settings.listTimeout, plan.call(runtime, request, options));
  } catch (fault) {
    return ProxyError.from(fault);
  }
}

/** The primary must answer, since its part is the one that is used where only one can be; others have theirs if they do. */
const join: UnaryRoute = async (plan, request, options) => {
  const { primary } = plan.runtimes;
  const others = askedFor(plan, request).filter(runtime => runtime !== primary);
  const [first, ...rest] = await Promise.all([
    plan.call(primary, request, options),
    ...others.map(runtime => samplesPart(plan, runtime, request, options)),
  ]);
  return merge([first!, ...rest].filter(isReply));
};

/** Those that are down hear of it when they come up. */
const all: UnaryRoute = async (plan, request, options) => {
  const { primary } = plan.runtimes;
  const asked = plan.runtimes.all.filter(runtime => runtime === primary || runtime.state.kind === 'up');
  return merge(await Promise.all(asked.map(runtime => plan.call(runtime, request, options))));
};

/** Answers, concatenated, are protobuf's merge of them. The metadata is that of the first, the primary where it was asked. */
function merge(replies: readonly Reply[]): Reply {
  const { headers, trailers } = replies[0] ?? { headers: [], trailers: [] };
  const message = replies.length === 1 ? replies[0]!.message : Buffer.concat(replies.map(reply => reply.message));
  return { message, headers, trailers };
}

/** How each route of a unary method is taken. */
export const unaryRoutes: Readonly<Record<Exclude<Route, 'events'>, UnaryRoute>> = {
  primary: toOne(plan => plan.runtimes.primary),
  all,
  byPodConfig: toOne(
    (plan, request) =>
      namedRuntime(plan.runtimes, plan.readOwn('handler', request), plan.readPodAnnotation(TARGET_RUNTIME, request)) ??
      plan.runtimes.primary,
  ),
  byPod: toOne((plan, request) => plan.runtimes.ownerOfId(plan.read('pod', request))),
  byContainer: toOne((plan, request) => plan.runtimes.ownerOfId(plan.read('container', request))),
  byImage: pullTarget,
  firstHolder,
  everyHolder,
  list,
  samples,
  join,
};
