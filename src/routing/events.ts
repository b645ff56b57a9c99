import type { CallOptions } from '../base/call.ts';
import { Code } from '../base/codes.ts';
import { ProxyError } from '../base/error.ts';
import { MergedStream } from './merge-streams.ts';
import { missedEvents, NodeView } from './missed-events.ts';
import type { Plan } from './plan.ts';
import type { Runtime } from './runtime.ts';

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
  const stop = () => merged.fail(new ProxyError(Code.Cancelled, 'criproxy: the client went away'));
  options.signal.addEventListener('abort', stop, { once: true });
  try {
    yield* merged;
  } finally {
    options.signal.removeEventListener('abort', stop);
  }
}

async function* eventsOf(plan: Plan, runtime: Runtime, request: Buffer, options: CallOptions): AsyncGenerator<Buffer> {
  const { signal } = options;
  // What the client knows of the runtime; undefined: nothing yet, so that all of it is news.
  let view = NodeView.ofSnapshot(plan, runtime);
  let hasEvents = true;
  for (let first = true; !signal.aborted; first = false) {
    await untilUp(runtime, signal);
    try {
      if (hasEvents) {
        // Opened first: what happens while the lists are compared comes twice rather than never.
        const stream = plan.stream(runtime, request, options);
        if (!first || view === undefined)
          yield* missedEvents(plan, runtime, view, await NodeView.ofRuntime(plan, runtime));
        yield* stream;
      } else {
        const now = await NodeView.ofRuntime(plan, runtime);
        yield* missedEvents(plan, runtime, view, now);
        view = now;
      }
    } catch (fault) {
      const lacksEvents = ProxyError.from(fault).code === Code.Unimplemented;
      // The snapshot is as old as the last list: what has come since is told again.
      if (hasEvents && !lacksEvents) view = NodeView.ofSnapshot(plan, runtime) ?? view;
      // Another version may be there when it comes back.
      hasEvents = !lacksEvents;
      if (lacksEvents) continue;
    }
    await pause(hasEvents ? RETRY : POLL, signal);
  }
}

/** Resolves after `ms`, or when the call is over. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
    if (signal.aborted) done();
  });
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
