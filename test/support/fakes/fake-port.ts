import type { CallOptions, Metadata, Reply, ReplyStream } from '../../../src/base/call.ts';
import { Code } from '../../../src/base/codes.ts';
import { ProxyError } from '../../../src/base/error.ts';
import type { Runtime, RuntimeState, Versions } from '../../../src/routing/port/runtime.ts';
import { type Package, packages } from '../facts.ts';

/** One call as the runtime got it. */
export interface Asked {
  readonly path: string;
  readonly package: Package;
  readonly method: string;
  readonly request: Buffer;
  readonly options: CallOptions;
}

/** A stream of answers. `return` ends it at once, also while a `next` waits. */
export interface Messages extends AsyncIterator<Buffer, undefined> {
  readonly headers: Promise<Metadata>;
  readonly trailers: Metadata;
  return(): Promise<IteratorResult<Buffer, undefined>>;
}

/** The answers of a runtime, apart from the connection to it. Both fail with a ProxyError. */
export interface Answerer {
  answer(asked: Asked): Promise<Reply>;
  open(asked: Asked): Messages;
}

/** `state`: the first one; lost: it was up before. `versions`: its VersionResponses when it comes up. */
export interface PortOptions {
  readonly packages?: readonly Package[];
  readonly state?: 'up' | 'down' | 'lost';
  readonly versions?: (packages: readonly Package[]) => Versions;
}

/** `forget`: it rejects no more. */
interface Breaks {
  readonly promise: Promise<never>;
  readonly forget: () => void;
}

/** A runtime without a socket: the port of routing as the transport implements it, over any answers. It keeps a journal. */
export class FakePort implements Runtime {
  readonly id: string;
  readonly path: string;
  readonly socket: string;
  state: RuntimeState;
  /** Streams and calls that have begun and not ended. */
  open = 0;
  /** The number of messages taken from streams. */
  given = 0;
  private readonly noted: Asked[] = [];
  private readonly answerer: Answerer;
  private readonly packages: readonly Package[];
  private readonly versions: PortOptions['versions'];
  private readonly watchers = new Set<(state: RuntimeState) => void>();
  private readonly breakers = new Set<(fault: ProxyError) => void>();

  constructor(
    id: string,
    answerer: Answerer,
    { packages: served = ['runtime.v1'], state = 'up', versions }: PortOptions = {},
  ) {
    this.id = id;
    ({ path: this.path, socket: this.socket } = placeOf(id));
    this.answerer = answerer;
    this.packages = served;
    this.versions = versions;
    this.state = { kind: 'down', since: Date.now(), reason: 'no socket', seen: state === 'lost' };
    if (state === 'up') this.comeUp();
  }

  /** The number of listeners to its changes. */
  get watching(): number {
    return this.watchers.size;
  }

  /** The calls in their order; a test may empty it. */
  get asked(): Asked[] {
    return this.noted;
  }

  askedFor(method: string): Asked[] {
    return this.noted.filter(entry => entry.method === method);
  }

  onChange(listener: (state: RuntimeState) => void): () => void {
    this.watchers.add(listener);
    return () => this.watchers.delete(listener);
  }

  comeUp(served: readonly Package[] = this.packages): void {
    const versions = this.versions?.(served);
    this.change({ kind: 'up', since: Date.now(), packages: [...served], ...(versions && { versions }) });
  }

  /** Calls and streams in flight fail, as with a connection that is lost. */
  goDown(reason = 'it was killed'): void {
    this.change({ kind: 'down', since: Date.now(), reason, seen: true });
    for (const fail of [...this.breakers]) fail(new ProxyError(Code.Unavailable, reason));
  }

  async call(path: string, request: Buffer, options: CallOptions): Promise<Reply> {
    const asked = this.note(path, request, options);
    const broken = this.breaks(options);
    this.open++;
    try {
      return await Promise.race([this.answerer.answer(asked), broken.promise]);
    } finally {
      this.open--;
      broken.forget();
    }
  }

  stream(path: string, requests: AsyncIterable<Buffer> | Iterable<Buffer>, options: CallOptions): ReplyStream {
    const [request = Buffer.alloc(0)] = requests as Iterable<Buffer>;
    const messages = this.answerer.open(this.note(path, request, options));
    const guarded = this.guard(messages, options);
    return {
      headers: messages.headers,
      get trailers() {
        return messages.trailers;
      },
      [Symbol.asyncIterator]: () => guarded,
    };
  }

  private change(state: RuntimeState): void {
    this.state = state;
    for (const watcher of [...this.watchers]) watcher(state);
  }

  private note(path: string, request: Buffer, options: CallOptions): Asked {
    const [, pkg, method] = /^\/(.+)\.\w+\/(\w+)$/.exec(path) as unknown as [string, Package, string];
    if (this.state.kind === 'down') throw new ProxyError(Code.Unavailable, 'down');
    // A service that is not CRI's is the answers' to know.
    if (packages.includes(pkg) && !this.state.packages.includes(pkg))
      throw new ProxyError(Code.Unimplemented, `no ${pkg}`);
    const asked = { path, package: pkg, method, request, options };
    this.noted.push(asked);
    return asked;
  }

  /** Works like the transport: the stream is open from the call on, and ends with it. */
  private guard(messages: Messages, options: CallOptions): AsyncIterator<Buffer> {
    let isOpen = true;
    this.open++;
    const end = () => {
      if (isOpen) this.open--;
      isOpen = false;
      broken.forget();
    };
    const leave = () => {
      end();
      void messages.return().catch(() => {});
    };
    const broken = this.breaks(options, leave);
    return {
      next: async () => {
        try {
          const result = await Promise.race([messages.next(), broken.promise]);
          if (result.done === true) end();
          else this.given++;
          return result;
        } catch (fault) {
          end();
          throw fault;
        }
      },
      return: async () => {
        leave();
        return { done: true, value: undefined };
      },
    };
  }

  /** A promise that rejects when the call cannot go on: its client has gone, its time is over, or the runtime is down. */
  private breaks({ signal, deadline }: CallOptions, then = () => {}): Breaks {
    const { promise, reject } = Promise.withResolvers<never>();
    promise.catch(() => {});
    const fail = (fault: ProxyError) => {
      reject(fault);
      then();
    };
    const abort = () => fail(new ProxyError(Code.Cancelled, 'the call was cancelled'));
    const left = deadline === undefined ? undefined : deadline - performance.now();
    const expired = () => fail(new ProxyError(Code.DeadlineExceeded, 'deadline'));
    const timer = left === undefined ? undefined : setTimeout(expired, left).unref();
    this.breakers.add(fail);
    signal.addEventListener('abort', abort, { once: true });
    const forget = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      this.breakers.delete(fail);
    };
    if (signal.aborted) queueMicrotask(abort);
    return { promise, forget };
  }
}

/** The place that a runtime without a socket reports. */
function placeOf(id: string): { path: string; socket: string } {
  const socket = `/run/${id === '' ? 'primary' : id}.sock`;
  return { path: socket, socket };
}
