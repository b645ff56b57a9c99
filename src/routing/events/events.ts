import type { CallOptions } from '../../base/call.ts';
import { Code } from '../../base/codes.ts';
import { ProxyError } from '../../base/error.ts';
import { runtimeName } from '../../base/runtime-name.ts';
import { unavailable } from '../asking/availability.ts';
import { hasPart } from '../call/asked.ts';
import type { Lane } from '../call/lane.ts';
import type { LeadMetadata } from '../call/lead-metadata.ts';
import type { MethodPlan } from '../call/method-plan.ts';
import type { Runtime, RuntimeState } from '../port/runtime.ts';
import { EventQueue } from './event-queue.ts';

interface Event {
  readonly runtime: Runtime;
  readonly message: Buffer;
}

/**
 * The events of all runtimes as they happen, and no others. A kubelet takes everything that it has heard of for fresh at each of its
 * ticks (pkg/kubelet/pleg/evented.go, updateGlobalCache), so that an event that is late, or made from lists, makes it start containers
 * twice. So the stream exists only while every runtime that may have pods has one: the call is Unimplemented if a runtime lacks the
 * method, and ends when a runtime comes, goes, or ends its own stream. The kubelet lists at each end, and uses lists alone after the
 * fifth (watchEventsChannel).
 */
export async function* joinEvents(
  plan: MethodPlan,
  request: Buffer,
  options: CallOptions,
  lead: LeadMetadata,
): AsyncGenerator<Buffer, void, void> {
  const { generation, feeds } = plan.node;
  // The configuration may have changed between the head of the call and its message.
  const first = generation.get();
  const now = first === undefined ? plan : plan.inGeneration(first);
  const { all, primary } = now.runtimes;
  await now.ready(primary, options);
  const parts = partsOf(now);
  let lanes = lanesOf(now, parts);
  const queue = new EventQueue<Event>(() => feeds.tooSlow++, options.account);
  const stop = () => queue.end(endOf(options.signal));
  options.signal.addEventListener('abort', stop, { once: true });
  if (options.signal.aborted) stop();
  const undo = [() => queue.clear(), () => options.signal.removeEventListener('abort', stop)];
  const watch = (runtime: Runtime) => {
    const forget = runtime.onChange(state => {
      if (state.kind === 'up' || parts.includes(runtime)) queue.end(changeOf(runtime, state));
    });
    undo.push(forget);
  };
  try {
    for (const [runtime, lane] of lanes) {
      const feed = feeds.of(runtime, lane.path, lane.encode(request));
      if (runtime === primary) lead.follow(feed.reply);
      const reader = {
        event: (message: Buffer) => queue.push({ runtime, message }, message.length, feed.isShared),
        end: (fault?: ProxyError) => queue.end(fault && naming(fault, runtime, primary)),
      };
      undo.push(feed.read(reader));
    }
    for (const runtime of all) watch(runtime);
    const forget = generation.onChange(latest => {
      const next = plan.inGeneration(latest);
      const same = partsOf(next);
      if (same.length !== parts.length || same.some((runtime, at) => runtime !== parts[at])) queue.end(otherRuntimes());
      // A runtime that is down now has ended the stream already.
      else if (parts.every(({ state }) => state.kind === 'up')) lanes = lanesOf(next, parts);
      for (const runtime of latest.runtimes.all) if (!all.includes(runtime)) watch(runtime);
    });
    undo.push(forget);
    for await (const { runtime, message } of queue) yield lanes.get(runtime)!.decode(message);
  } finally {
    for (const step of undo) step();
  }
}

/** A runtime that was never seen has no pods and may be left out; when it comes up the stream ends. */
function partsOf(plan: MethodPlan): Runtime[] {
  return plan.runtimes.all.filter(runtime => hasPart(plan, runtime));
}

/** Throws Unavailable for a runtime that is down, Unimplemented for one whose packages are older than the method. */
function lanesOf(plan: MethodPlan, runtimes: readonly Runtime[]): Map<Runtime, Lane> {
  return new Map(runtimes.map(runtime => [runtime, plan.lane(runtime)]));
}

function changeOf(runtime: Runtime, state: RuntimeState): ProxyError {
  if (state.kind === 'down') return unavailable(runtime, state);
  const text = `criproxy: ${runtimeName(runtime.id)} has come up: list its pods, and ask for events again`;
  return new ProxyError(Code.Unavailable, text);
}

function otherRuntimes(): ProxyError {
  const text = 'criproxy: the configuration has other runtimes now: list their pods, and ask for events again';
  return new ProxyError(Code.Unavailable, text);
}

/** The primary's own error is passed on unchanged. */
function naming(fault: ProxyError, runtime: Runtime, primary: Runtime): ProxyError {
  if (runtime === primary) return fault;
  const { code, headers, trailers } = fault;
  const text = `criproxy: events of ${runtimeName(runtime.id)}: ${fault.message}`;
  return new ProxyError(code, text, { cause: fault, headers, trailers });
}

/** The reason why a call is over for its client: the server's, or that the client has left. */
function endOf(signal: AbortSignal): ProxyError {
  if (signal.reason instanceof ProxyError) return signal.reason;
  return new ProxyError(Code.Cancelled, 'criproxy: the client went away');
}
