import type { CallOptions } from '../base/call.ts';
import { Code } from '../base/codes.ts';
import { ProxyError } from '../base/error.ts';
import { EventSource } from './event-source.ts';
import type { LeadMetadata } from './lead-metadata.ts';
import { MergedStream } from './merge-streams.ts';
import { NodeView } from './node-view.ts';
import type { Plan } from './plan.ts';
import type { Runtime } from './runtime.ts';

/**
 * The events of all runtimes, for as long as the client listens. What happens to a runtime does not end the stream: what was
 * missed meanwhile is made from the difference of its lists, and so is everything for a runtime that has no events. Runtimes that
 * are configured while it is open bring theirs too: a kubelet has patience for five ends of the stream in all.
 */
export async function* joinEvents(
  plan: Plan,
  request: Buffer,
  options: CallOptions,
  lead: LeadMetadata,
): AsyncGenerator<Buffer, void, void> {
  const merged = new MergedStream<Buffer>();
  // Not of the call's record: what is asked over the days of a stream would pile up there.
  const own = { metadata: options.metadata, deadline: options.deadline, signal: options.signal };
  const sources = new Map<string, EventSource>();
  const follow = (now: Plan, toldOf: (runtime: Runtime) => NodeView | undefined) => {
    const { all } = now.runtimes;
    for (const [id, source] of sources) {
      const runtime = all.find(each => each.id === id);
      source.turnTo(now, runtime);
      if (runtime === undefined) sources.delete(id);
    }
    for (const runtime of all) {
      if (sources.has(runtime.id)) continue;
      const source = new EventSource(
        now,
        runtime,
        toldOf(runtime),
        request,
        own,
        runtime === now.runtimes.primary ? lead : undefined,
      );
      sources.set(runtime.id, source);
      merged.add(source.events());
    }
  };
  const { turnover } = plan.node;
  // The configuration may have changed between the head of the call and its message.
  const first = turnover.rules === undefined ? plan : plan.under(turnover.rules);
  follow(first, runtime => NodeView.ofSnapshot(first, runtime));
  const forget = turnover.onChange(rules => follow(plan.under(rules), () => undefined));
  const stop = () => merged.fail(endOf(options.signal));
  options.signal.addEventListener('abort', stop, { once: true });
  try {
    yield* merged;
  } finally {
    forget();
    options.signal.removeEventListener('abort', stop);
  }
}

/** Why a call is over for its client: what the server says, or that the client went away. */
function endOf(signal: AbortSignal): ProxyError {
  if (signal.reason instanceof ProxyError) return signal.reason;
  return new ProxyError(Code.Cancelled, 'criproxy: the client went away');
}
