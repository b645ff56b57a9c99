import type { CallOptions, Reply } from '../base/call.ts';
import { Code, codeName } from '../base/codes.ts';
import { ProxyError } from '../base/error.ts';
import type { Route } from '../cri/methods.ts';
import { hasFirstField } from '../cri/read.ts';
import { askedFor } from './asked.ts';
import { unavailable } from './availability.ts';
import { pause, within } from './budget.ts';
import { endableCall } from './endable-call.ts';
import { listPart } from './list-part.ts';
import type { Plan } from './plan.ts';
import type { Runtime } from './runtime.ts';
import { runtimeName, TARGET_RUNTIME } from './runtimes.ts';

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
  const call = endableCall(options);
  try {
    if (runtime.state.kind === 'down') return unavailable(runtime, runtime.state);
    return await within(plan.settings.listTimeout, plan.call(runtime, request, call.options));
  } catch (fault) {
    return ProxyError.from(fault);
  } finally {
    call.end();
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

/**
 * The primary's answer is the answer: a secondary that does not take it is no reason to say so of the node. Those that are down
 * hear of it when they come up.
 */
const all: UnaryRoute = async (plan, request, options) => {
  const { primary } = plan.runtimes;
  const others = plan.runtimes.all.filter(runtime => runtime !== primary && runtime.state.kind === 'up');
  const [reply] = await Promise.all([
    plan.call(primary, request, options),
    ...others.map(async runtime => {
      const part = await samplesPart(plan, runtime, request, options);
      if (!(part instanceof ProxyError)) return;
      plan.node.log.info(
        2,
        `${plan.method.name} of the ${runtimeName(runtime)}: ${codeName(part.code)}: ${part.message}`,
      );
    }),
  ]);
  return reply;
};

/** Answers, concatenated, are protobuf's merge of them. The metadata is that of the first, the primary where it was asked. */
function merge(replies: readonly Reply[]): Reply {
  const { headers, trailers } = replies[0] ?? { headers: [], trailers: [] };
  const message = replies.length === 1 ? replies[0]!.message : Buffer.concat(replies.map(reply => reply.message));
  return { message, headers, trailers };
}

/**
 * In the order of the runtimes, all asked at once. That an image is missing may only be said when every runtime that could have
 * it answered; one that hangs is waited for no longer than a list would, once another one has it.
 */
const firstHolder: UnaryRoute = async (plan, request, options) => {
  const owner = plan.runtimes.ownerOfImage(plan.read('image', request));
  if (owner !== undefined) return plan.call(owner, request, options);
  const answers = askedFor(plan, request).map(runtime => holderAnswer(plan, runtime, request, options));
  const held = Promise.any(answers.map(answer => answer.then(each => (isHeld(each) ? each : Promise.reject(each)))));
  held.catch(() => {});
  let fault: ProxyError | undefined;
  let missing: Reply | undefined;
  for (const answer of answers) {
    const late = held.then(each => pause(plan.settings.listTimeout, options.signal).then(() => each));
    const each = await Promise.race([answer, late.catch(() => answer)]);
    if (isHeld(each)) return each.reply;
    if ('fault' in each) fault ??= each.fault;
    else missing ??= each.reply;
  }
  if (fault !== undefined) throw fault;
  return missing!;
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
  all,
  byPodConfig: toOne((plan, request) =>
    plan.runtimes.ownerByAnnotation(plan.readPodAnnotation(TARGET_RUNTIME, request)),
  ),
  byPod: toOne((plan, request) => plan.runtimes.ownerOfId(plan.read('pod', request))),
  byContainer: toOne((plan, request) => plan.runtimes.ownerOfId(plan.read('container', request))),
  byImage: toOne(ownerOfImage),
  firstHolder,
  everyHolder,
  list,
  samples,
  join,
};
