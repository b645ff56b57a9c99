import type { CallOptions } from '../base/call.ts';
import { Code, codeName } from '../base/codes.ts';
import { ProxyError } from '../base/error.ts';
import { pause } from './budget.ts';
import { endableCall } from './endable-call.ts';
import type { LeadMetadata } from './lead-metadata.ts';
import { missedEvents } from './missed-events.ts';
import { NodeView } from './node-view.ts';
import type { Plan } from './plan.ts';
import type { Runtime, RuntimeState } from './runtime.ts';
import { runtimeName } from './runtimes.ts';

/** How often the lists of a runtime without events are compared, in ms: as often as the kubelet would do it (PLEG). */
const POLL = 1_000;

/** How long to wait before a stream that failed on a live runtime is opened again, in ms. */
const RETRY = 500;

/** The events of one runtime for one client, whatever happens to the runtime, and whoever takes its place. */
export class EventSource {
  private plan: Plan;
  /** Undefined once it has left. */
  private runtime: Runtime | undefined;
  /** What the client knows; undefined: nothing. */
  private told: NodeView | undefined;
  private readonly request: Buffer;
  private readonly options: CallOptions;
  private readonly lead: LeadMetadata | undefined;
  private isCurrent: boolean;
  /** A runtime that comes up again may be another version. */
  private withoutEvents: RuntimeState | undefined;
  private complaint = '';
  private interrupt: () => void = () => {};

  /** `told`: what the client has from the lists; not the snapshot of a later time, which may know of what it was not told. */
  constructor(
    plan: Plan,
    runtime: Runtime,
    told: NodeView | undefined,
    request: Buffer,
    options: CallOptions,
    lead: LeadMetadata | undefined,
  ) {
    this.plan = plan;
    this.runtime = runtime;
    this.told = told;
    this.request = request;
    this.options = options;
    this.lead = lead;
    this.isCurrent = told !== undefined && runtime.state.kind === 'up';
  }

  /** From now on by another plan. Of a runtime that takes the place of this one comes what is different there. */
  turnTo(plan: Plan, runtime: Runtime | undefined): void {
    this.plan = plan;
    if (runtime === this.runtime) return;
    this.runtime = runtime;
    this.isCurrent = false;
    this.interrupt();
  }

  /** Ends when the client does, or when the runtime has left: then with the end of all that it had. */
  async *events(): AsyncGenerator<Buffer, void, void> {
    for (let { runtime } = this; runtime !== undefined && !this.options.signal.aborted; { runtime } = this) {
      const turn = endableCall(this.options);
      this.interrupt = turn.end;
      try {
        await untilUp(runtime, turn.options.signal);
        const wait = yield* this.attempt(runtime, turn.options);
        await pause(wait, turn.options.signal);
      } finally {
        turn.end();
      }
    }
    if (this.told === undefined || this.options.signal.aborted) return;
    yield* missedEvents(this.plan, undefined, this.told, new NodeView(new Map(), new Map()));
  }

  /** What can be had until something goes wrong; returns how long to wait before the next try, in ms. Never throws. */
  private async *attempt(runtime: Runtime, options: CallOptions): AsyncGenerator<Buffer, number, void> {
    const { state } = runtime;
    const hasEvents = state !== this.withoutEvents;
    const call = endableCall(options);
    try {
      // Opened first: what happens while the lists are compared comes twice rather than never.
      const stream = hasEvents ? this.open(runtime, call.options) : undefined;
      if (!this.isCurrent) yield* this.compare(runtime, options);
      this.isCurrent = false;
      if (stream !== undefined) yield* stream;
    } catch (fault) {
      const error = ProxyError.from(fault);
      const lacksEvents = error.code === Code.Unimplemented && hasEvents;
      this.complain(runtime, error, lacksEvents, options);
      if (lacksEvents) {
        this.withoutEvents = state;
        return 0;
      }
    } finally {
      call.end();
    }
    return hasEvents ? RETRY : POLL;
  }

  private open(runtime: Runtime, options: CallOptions): AsyncIterable<Buffer> {
    let { plan } = this;
    let lane = plan.lane(runtime);
    const events = runtime.stream(lane.path, [lane.encode(this.request)], options);
    this.lead?.follow(events);
    const decoded = async function* (this: EventSource) {
      for await (const message of events) {
        if (plan !== this.plan) {
          plan = this.plan;
          lane = plan.lane(runtime);
        }
        const event = lane.decode(message);
        this.told?.follow(event);
        yield event;
      }
    };
    return decoded.call(this);
  }

  private async *compare(runtime: Runtime, options: CallOptions): AsyncGenerator<Buffer, void, void> {
    const now = await NodeView.ofRuntime(this.plan, runtime, options);
    const leftOut = yield* missedEvents(this.plan, runtime, this.told, now);
    now.revert(leftOut.keys(), this.told);
    this.told = now;
    // Compared again until all of it is told.
    for (const error of leftOut.values()) throw error;
  }

  private complain(runtime: Runtime, error: ProxyError, lacksEvents: boolean, { signal }: CallOptions): void {
    const said = lacksEvents
      ? 'made from its lists: it has none of its own'
      : `${codeName(error.code)}: ${error.message}`;
    if (said !== this.complaint && !signal.aborted) {
      this.plan.node.log.info(2, `events of the ${runtimeName(runtime)}: ${said}`);
    }
    this.complaint = said;
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
