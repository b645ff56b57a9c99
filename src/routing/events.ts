import type { CallOptions } from '../base/call.ts';
import { Code, codeName } from '../base/codes.ts';
import { ProxyError } from '../base/error.ts';
import { pause } from './budget.ts';
import { endableCall } from './endable-call.ts';
import { MergedStream } from './merge-streams.ts';
import { missedEvents } from './missed-events.ts';
import { NodeView } from './node-view.ts';
import type { Plan } from './plan.ts';
import type { Runtime, RuntimeState } from './runtime.ts';
import { runtimeName } from './runtimes.ts';

/** How often the lists of a runtime without events are compared, in ms: as often as the kubelet would do it (PLEG). */
const POLL = 1_000;

/** How long to wait before a stream that failed on a live runtime is opened again, in ms. */
const RETRY = 500;

/**
 * The events of all runtimes, for as long as the client listens. What happens to a runtime does not end the stream: what was
 * missed meanwhile is made from the difference of its lists, and so is everything for a runtime that has no events.
 */
export async function* joinEvents(
  plan: Plan,
  request: Buffer,
  options: CallOptions,
): AsyncGenerator<Buffer, void, void> {
  const merged = new MergedStream<Buffer>();
  for (const runtime of plan.runtimes.all) merged.add(eventsOf(plan, runtime, request, options));
  const stop = () => merged.fail(endOf(options.signal));
  options.signal.addEventListener('abort', stop, { once: true });
  try {
    yield* merged;
  } finally {
    options.signal.removeEventListener('abort', stop);
  }
}

async function* eventsOf(plan: Plan, runtime: Runtime, request: Buffer, options: CallOptions): AsyncGenerator<Buffer> {
  // Not the snapshot of a later time, which may know of what the client was not told.
  let told = NodeView.ofSnapshot(plan, runtime);
  let isCurrent = told !== undefined && runtime.state.kind === 'up';
  // A runtime that comes up again may be another version.
  let withoutEvents: RuntimeState | undefined;
  let complaint = '';
  for (let wait = 0; !options.signal.aborted; await pause(wait, options.signal)) {
    await untilUp(runtime, options.signal);
    const { state } = runtime;
    const call = endableCall(options);
    wait = state === withoutEvents ? POLL : RETRY;
    try {
      // Opened first: what happens while the lists are compared comes twice rather than never.
      const stream = state === withoutEvents ? undefined : plan.stream(runtime, request, call.options);
      if (!isCurrent) {
        const now = await NodeView.ofRuntime(plan, runtime, options);
        const leftOut = yield* missedEvents(plan, runtime, told, now);
        now.revert(leftOut.keys(), told);
        told = now;
        // Compared again until all of it is told.
        for (const error of leftOut.values()) throw error;
      }
      isCurrent = false;
      if (stream !== undefined) yield* followed(stream, told);
    } catch (fault) {
      const error = ProxyError.from(fault);
      const lacksEvents = error.code === Code.Unimplemented && state !== withoutEvents;
      const said = lacksEvents
        ? 'made from its lists: it has none of its own'
        : `${codeName(error.code)}: ${error.message}`;
      if (said !== complaint && !options.signal.aborted) {
        plan.node.log.info(2, `events of the ${runtimeName(runtime)}: ${said}`);
      }
      complaint = said;
      if (lacksEvents) withoutEvents = state;
      if (lacksEvents) wait = 0;
    } finally {
      call.end();
    }
  }
}

/** Why a call is over for its client: what the server says, or that the client went away. */
function endOf(signal: AbortSignal): ProxyError {
  if (signal.reason instanceof ProxyError) return signal.reason;
  return new ProxyError(Code.Cancelled, 'criproxy: the client went away');
}

async function* followed(events: AsyncIterable<Buffer>, told: NodeView | undefined): AsyncGenerator<Buffer> {
  for await (const event of events) {
    told?.follow(event);
    yield event;
  }
}

function untilUp(runtime: Runtime, signal: AbortSignal): Promise<void> {
  if (runtime.state.kind === 'up' || signal.aborted) return Promise.resolve();
  return new Promise(resolve => {
    const done = () => {
      forget();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const forget = runtime.onChange(state => {
      if (state.kind === 'up') done();
    });
    signal.addEventListener('abort', done, { once: true });
  });
}
