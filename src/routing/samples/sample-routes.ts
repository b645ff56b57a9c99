import type { CallOptions, Reply } from '../../base/call.ts';
import { Code } from '../../base/codes.ts';
import { ProxyError } from '../../base/error.ts';
import { runtimeName } from '../../base/runtime-name.ts';
import { cutList } from '../../cri/read/image-list.ts';
import { endableCall } from '../asking/endable-call.ts';
import { waitingForFirst } from '../asking/waiting.ts';
import { askedFor } from '../call/asked.ts';
import type { MethodPlan } from '../call/method-plan.ts';
import { isReply } from '../call/prompt-answer.ts';
import { joinReplies, type UnaryRoute } from '../call/unary-route.ts';
import { CHUNK } from '../images/image-list-routes.ts';
import type { StreamRoute } from '../lists/stream-route.ts';
import type { Runtime } from '../port/runtime.ts';
import { askSamples, type SamplePart } from './sample-part.ts';

/** Stats and metrics: the primary's, as without a proxy, and the secondaries', whose last samples stand in for them. */
export const samples: UnaryRoute = async (plan, request, options) =>
  joinReplies(plan, await sampleReplies(plan, askedFor(plan, request), request, options));

/**
 * The parts of `asked`, the primary's first. The primary may take as long as the client waits, and the client gets its error, except
 * Unimplemented while a secondary has the method. A secondary without a part is left out, unless it is asked alone.
 */
async function sampleReplies(
  plan: MethodPlan,
  asked: readonly Runtime[],
  request: Buffer,
  options: CallOptions,
): Promise<Reply[]> {
  const { primary } = plan.runtimes;
  const others = asked.filter(runtime => runtime !== primary);
  const parts = Promise.all(others.map(runtime => askSamples(plan, runtime, request, options)));
  let lacking: ProxyError | undefined;
  let first: Reply[] = [];
  try {
    if (others.length < asked.length) first = [await plan.call(primary, request, options)];
  } catch (fault) {
    lacking = ProxyError.from(fault);
    if (lacking.code !== Code.Unimplemented || plan.method.needsAll) throw lacking;
  }
  const more = readParts(plan, others, await parts);
  if (first.length === 0 && more.replies.length === 0 && asked.length > 0) throw lacking ?? more.faults[0]!;
  const replies = [...first, ...more.replies];
  if (plan.method.join === 'descriptors') {
    const from = [...(first.length > 0 ? [primary] : []), ...more.from];
    const parts = from.map((runtime, at) => [runtime, replies[at]!.message] as const);
    plan.readAnswer(primary, () => plan.node.samples.noteDescriptors(parts));
  }
  return replies;
}

/** The primary's own stream as it comes, then the secondaries' parts, whose streams are gathered first. */
export const streamSamples: StreamRoute = async function* (plan, request, options, lead) {
  const { primary } = plan.runtimes;
  const asked = askedFor(plan, request);
  const others = asked.filter(runtime => runtime !== primary);
  const call = endableCall(options);
  try {
    const asksPrimary = others.length < asked.length;
    if (asksPrimary) await plan.ready(primary, options);
    // If the first runtime lacks the stream, no other is asked.
    if (asked[0]?.state.kind === 'up') plan.lane(asked[0]);
    const parts = Promise.all(others.map(runtime => askSamples(plan, runtime, request, call.options)));
    const readAll = async () => readParts(plan, others, await parts);
    let early: ReturnType<typeof readAll> | undefined;
    if (asksPrimary) {
      const own = plan.stream(primary, request, call.options);
      lead.follow(own);
      const messages = waitingForFirst(primary, plan.method.name, options, own);
      // A client that gets Unimplemented after a message would give up streaming for good.
      if (plan.method.needsAll) early = readAll();
      yield* early === undefined ? messages : notBefore(early, messages);
    }
    const { replies, faults } = await (early ?? readAll());
    if (replies.length === 0 && others.length > 0 && others.length === asked.length) throw faults[0]!;
    for (const { message } of replies) yield* cutList(message, CHUNK);
  } finally {
    // A generator that waits, or was never begun, is not told that its reader has left.
    call.end();
  }
};

/** The same stream, whose first message comes when `known` has resolved, and whose error comes at once. */
async function* notBefore(known: Promise<unknown>, stream: AsyncGenerator<Buffer>): AsyncGenerator<Buffer, void, void> {
  const [first] = await Promise.all([stream.next(), known]);
  if (first.done === true) return;
  yield first.value;
  yield* stream;
}

/** Throws Unimplemented if a runtime lacks a method that all must have. */
function readParts(plan: MethodPlan, runtimes: readonly Runtime[], parts: readonly SamplePart[]) {
  const replies: Reply[] = [];
  const from: Runtime[] = [];
  const faults: ProxyError[] = [];
  for (const [at, read] of parts.entries()) {
    const part = read();
    if (isReply(part)) {
      replies.push(part);
      from.push(runtimes[at]!);
    } else if (part.code === Code.Unimplemented && plan.method.needsAll) {
      const text = `criproxy: ${runtimeName(runtimes[at]!.id)} has no ${plan.method.name}: ${part.message}`;
      throw new ProxyError(part.code, text, { cause: part });
    } else faults.push(part);
  }
  return { replies, from, faults };
}
