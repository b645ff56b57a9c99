import type { CallOptions, ReplyStream } from '../base/call.ts';
import { Code } from '../base/codes.ts';
import { ProxyError } from '../base/error.ts';
import { askedFor } from './asked.ts';
import { MergedStream } from './merge-streams.ts';
import type { Plan } from './plan.ts';
import type { Runtime } from './runtime.ts';
import { runtimeName } from './runtimes.ts';

/** Opens a server-streaming call on every runtime that has a part in it. */
export type StreamRoute = (plan: Plan, request: Buffer, options: CallOptions) => ReplyStream;

/** Ends with the stream of each runtime; one that has no such stream gives its part by the unary list. */
export const joinLists: StreamRoute = (plan, request, options) =>
  replyStream(async function* () {
    const asked = askedFor(plan, request);
    await Promise.all(asked.map(runtime => plan.ready(runtime, options)));
    const merged = new MergedStream<Buffer>();
    const started = new Started(asked.length);
    for (const runtime of asked) merged.add(listOf(plan, runtime, request, options, started));
    yield* merged;
  });

/**
 * Whether the streaming method can still be called Unimplemented as a whole: a client that has had a message must not hear
 * it any more (kubelet: an Unimplemented switches streaming off for good), and one whose runtimes all lack it must.
 */
class Started {
  private undecided: number;
  private readonly waiting: Array<(streams: boolean) => void> = [];
  private streams = false;

  constructor(runtimes: number) {
    this.undecided = runtimes;
  }

  /** A runtime has the method. */
  yes(): void {
    this.streams = true;
    for (const settle of this.waiting.splice(0)) settle(true);
  }

  /** A runtime lacks it; resolves with whether another one has it. */
  no(): Promise<boolean> {
    this.undecided--;
    if (this.streams) return Promise.resolve(true);
    return new Promise(resolve => {
      this.waiting.push(resolve);
      if (this.undecided === 0) for (const settle of this.waiting.splice(0)) settle(false);
    });
  }
}

async function* listOf(
  plan: Plan,
  runtime: Runtime,
  request: Buffer,
  options: CallOptions,
  started: Started,
): AsyncGenerator<Buffer, void, void> {
  let any = false;
  try {
    for await (const message of plan.stream(runtime, request, options)) {
      if (!any) started.yes();
      any = true;
      yield message;
    }
    if (!any) started.yes();
  } catch (fault) {
    const error = ProxyError.from(fault);
    if (error.code !== Code.Unimplemented || any) throw error;
    if (!(await started.no())) throw error;
    yield await unaryListOf(plan, runtime, request, options);
  }
}

/**
 * The unary lists of state are in every package; a runtime may lack those of samples (pod stats and metrics), which nobody
 * takes for dead when they are missing.
 */
async function unaryListOf(plan: Plan, runtime: Runtime, request: Buffer, options: CallOptions): Promise<Buffer> {
  try {
    return (await plan.unaryList().call(runtime, request, options)).message;
  } catch (fault) {
    if (ProxyError.from(fault).code !== Code.Unimplemented) throw fault;
    return Buffer.alloc(0);
  }
}

/**
 * For as long as the client listens. A runtime that comes up later joins in. When the stream of one ends, so does the whole:
 * the client opens it again, rather than miss events without knowing.
 */
export const joinEvents: StreamRoute = (plan, request, options) =>
  replyStream(async function* () {
    const asked = askedFor(plan, request);
    await plan.ready(plan.runtimes.primary, options);
    const merged = new MergedStream<Buffer>();
    merged.hold();
    for (const runtime of asked) merged.add(eventsOf(plan, runtime, request, options));
    const forget = plan.runtimes.all
      .filter(runtime => !asked.includes(runtime))
      .map(runtime =>
        runtime.onChange(state => {
          if (state.kind === 'up') merged.add(eventsOf(plan, runtime, request, options));
        }),
      );
    const stop = () => merged.fail(new ProxyError(Code.Cancelled, 'criproxy: the client went away'));
    options.signal.addEventListener('abort', stop, { once: true });
    try {
      yield* merged;
    } finally {
      options.signal.removeEventListener('abort', stop);
      for (const each of forget) each();
    }
  });

async function* eventsOf(plan: Plan, runtime: Runtime, request: Buffer, options: CallOptions): AsyncGenerator<Buffer> {
  yield* plan.stream(runtime, request, options);
  throw new ProxyError(
    Code.Unavailable,
    `criproxy: the ${runtimeName(runtime)} ended its stream of events; open it again`,
  );
}

/** Joined streams have no metadata of their own: that of one runtime would say nothing of the others. */
function replyStream(messages: () => AsyncGenerator<Buffer, void, void>): ReplyStream {
  return { headers: Promise.resolve([]), trailers: [], [Symbol.asyncIterator]: messages };
}
