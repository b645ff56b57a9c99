import type { CallOptions, Reply } from '../../base/call.ts';
import { Code } from '../../base/codes.ts';
import { ProxyError } from '../../base/error.ts';
import { ownCall } from '../../base/own-call.ts';
import { runtimeName } from '../../base/runtime-name.ts';
import { asksForAll } from '../../cri/read/filter.ts';
import { keepSamples, type Listed } from '../../cri/read/samples.ts';
import { LIST_LIMIT } from '../asking/ask-list.ts';
import { clientPatience } from '../asking/budget.ts';
import { gather } from '../call/gather.ts';
import type { Lane } from '../call/lane.ts';
import type { MethodPlan } from '../call/method-plan.ts';
import { isReply, promptAnswer } from '../call/prompt-answer.ts';
import type { Runtime } from '../port/runtime.ts';
import { checkedSample, isOfUse, type Sample } from '../state/last-samples.ts';

/** A secondary's part of a list of samples, in the client's names, or the reason why there is none. To be read once. */
export type SamplePart = () => Reply | ProxyError;

/** Errors that are a runtime's answer to a filter. */
const answers: readonly Code[] = [Code.Unimplemented, Code.NotFound, Code.InvalidArgument];

/**
 * Asks a secondary for samples; resolves when it has answered or its list timeout is over, never rejects. The part that is read
 * afterwards is its own answer, even one that has come since, else its last samples of the items that it lists, if not too old.
 */
export async function askSamples(
  plan: MethodPlan,
  runtime: Runtime,
  request: Buffer,
  options: CallOptions,
): Promise<SamplePart> {
  const list = plan.unaryList.method.name;
  const inquiry = plan.node.samples.of(runtime, list);
  const limit = plan.listTimeout(runtime);
  const patience = clientPatience(options, limit);
  const whole = () => inquiry.ask(runtime, limit, () => askWhole(plan, runtime, options), patience);
  if (asksForAll(request)) {
    const isSettled = await whole();
    if (!isSettled)
      return () => lastPart(plan, runtime, request, new ProxyError(Code.DeadlineExceeded, 'no answer yet'));
    return () => {
      const part =
        inquiry.fault === undefined ? livePart(plan, runtime) : lastPart(plan, runtime, request, inquiry.fault);
      note(plan, runtime, part, inquiry.fault);
      return part;
    };
  }
  const ask = (own: CallOptions) => askFiltered(plan, runtime, request, own);
  const reply =
    inquiry.lateSince !== undefined && inquiry.last !== undefined
      ? undefined
      : await promptAnswer(plan, runtime, request, options, ask);
  if (reply !== undefined && (isReply(reply) || answers.includes(reply.code))) return () => reply;
  // A question with a filter proves nothing about the runtime. The whole question does, and its answer serves the next call.
  if (!options.signal.aborted) void whole();
  const fault = reply ?? inquiry.fault!;
  return () => lastPart(plan, runtime, request, fault);
}

/** The runtime's answer just now, or the reason why it cannot be used. */
function livePart(plan: MethodPlan, runtime: Runtime): Reply | ProxyError {
  const { message, served } = plan.node.samples.of(runtime, plan.unaryList.method.name).last!.value;
  try {
    return {
      message: laneOf(plan, runtime, served).decode(readable(plan, runtime, message)),
      headers: [],
      trailers: [],
    };
  } catch (fault) {
    return ProxyError.from(fault);
  }
}

/** The last samples of pods and containers that are still listed and asked for; `fault` if they cannot be used. */
function lastPart(plan: MethodPlan, runtime: Runtime, request: Buffer, fault: ProxyError): Reply | ProxyError {
  const list = plan.unaryList.method.name;
  const { last } = plan.node.samples.of(runtime, list);
  if (last === undefined || !isOfUse(list, last.askedAt) || fault.code === Code.Unimplemented) return fault;
  try {
    const lane = laneOf(plan, runtime, last.value.served);
    const kept = keepSamples(list, last.value.message, lane.encode(request), listedOf(plan, runtime));
    return { message: lane.decode(readable(plan, runtime, kept)), headers: [], trailers: [] };
  } catch (cause) {
    return ProxyError.from(cause);
  }
}

function readable(plan: MethodPlan, runtime: Runtime, message: Buffer): Buffer {
  return plan.unaryList.method.name === 'ListPodSandboxMetrics'
    ? plan.node.samples.readable(runtime, message)
    : message;
}

/** Logs the source of the part. A runtime without the method is no fault, but the kubelet evicts pods without stats first. */
function note(plan: MethodPlan, runtime: Runtime, part: Reply | ProxyError, fault: ProxyError | undefined): void {
  const list = plan.unaryList.method.name;
  if (fault?.code === Code.Unimplemented) {
    const text = `${runtimeName(runtime.id)} has no ${list}: its pods have no stats, and the kubelet evicts them first`;
    if (list === 'ListContainerStats') plan.node.statuses.warnOnce(text);
    return;
  }
  const from = fault === undefined ? 'live' : 'last';
  const source = isReply(part) ? from : 'none';
  plan.node.samples.note(runtime, list, source, isReply(part) ? fault : part);
}

/** The lane for a stored answer, in the package that it came in. */
function laneOf(plan: MethodPlan, runtime: Runtime, served: string): Lane {
  const lane = runtime.state.kind === 'up' ? plan.unaryList.lane(runtime) : undefined;
  return lane?.path.startsWith(`/${served}.`) ? lane : plan.unaryList.names(runtime, served);
}

function listedOf(plan: MethodPlan, runtime: Runtime): Listed {
  const { pods, containers } = plan.node.of(runtime);
  const index = (listing: typeof pods) => (listing.takenAt === undefined ? undefined : listing.index());
  return { pods: index(pods), containers: index(containers) };
}

/** Asks for all samples, for all clients. Rejects with Internal for an answer that is no list, because it will be joined. */
async function askWhole(plan: MethodPlan, runtime: Runtime, { metadata, watched }: CallOptions): Promise<Sample> {
  const own = ownCall(LIST_LIMIT, metadata, watched);
  return orUnary(plan, async each => {
    const lane = each.lane(runtime);
    const served = lane.path.slice(1, lane.path.lastIndexOf('.'));
    const request = Buffer.alloc(0);
    const message = each.method.streams
      ? await gather(runtime.stream(lane.path, [request], own))
      : (await runtime.call(lane.path, request, own)).message;
    return checkedSample(runtime, message, served);
  });
}

/** Asks on behalf of this client alone. */
async function askFiltered(plan: MethodPlan, runtime: Runtime, request: Buffer, options: CallOptions): Promise<Reply> {
  return orUnary(plan, async each => {
    if (!each.method.streams) return each.call(runtime, request, options);
    return { message: await gather(each.stream(runtime, request, options)), headers: [], trailers: [] };
  });
}

/** For a runtime without the stream: its unary list. */
async function orUnary<T>(plan: MethodPlan, ask: (plan: MethodPlan) => Promise<T>): Promise<T> {
  try {
    return await ask(plan);
  } catch (fault) {
    if (!plan.method.streams || ProxyError.from(fault).code !== Code.Unimplemented) throw fault;
    return ask(plan.unaryList);
  }
}
