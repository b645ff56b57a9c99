import type { CallOptions, Reply, ReplyStream } from '../base/call.ts';
import { Code } from '../base/codes.ts';
import { ProxyError } from '../base/error.ts';
import type { Kind } from '../cri/messages.ts';
import { type Endpoint, type MethodSpec, methodSpec } from '../cri/method-spec.ts';
import type { Package } from '../cri/packages.ts';
import { readLast, readPodAnnotation } from '../cri/read.ts';
import { WireError } from '../wire/error.ts';
import { unavailable, whenUp } from './availability.ts';
import { type Lane, openLane } from './lane.ts';
import type { Runtime } from './runtime.ts';
import type { Runtimes } from './runtimes.ts';

/** What routing needs to know besides the call. Times in ms. */
export interface Settings {
  /** `http://host:port` for runtimes that answer with a bare path as streaming URL. */
  readonly streamBase: string;
  /** How long a call waits for a primary that is not up. */
  readonly primaryWait: number;
}

/** One method in one package, ready to be sent to any runtime. */
export class Plan {
  readonly method: MethodSpec;
  readonly client: Package;
  readonly runtimes: Runtimes;
  private readonly settings: Settings;
  private readonly lanes = new Map<Runtime, { served: readonly string[]; lane: Lane }>();

  constructor(endpoint: Endpoint, runtimes: Runtimes, settings: Settings) {
    this.method = endpoint.method;
    this.client = endpoint.client;
    this.runtimes = runtimes;
    this.settings = settings;
  }

  /** The unary method whose answers this one streams. */
  unaryList(): Plan {
    return new Plan({ method: methodSpec(this.method.unaryList!), client: this.client }, this.runtimes, this.settings);
  }

  /** The last leaf of this kind in a request, empty if there is none. Throws InvalidArgument for a malformed request. */
  read(kind: Kind, request: Buffer): string {
    return this.reading(() => readLast(this.method.request, kind, request));
  }

  readPodAnnotation(key: string, request: Buffer): string | undefined {
    return this.reading(() => readPodAnnotation(this.method.request, key, request));
  }

  /** Waits for the runtime where that is allowed. Rejects with Unavailable. */
  async ready(runtime: Runtime, options: CallOptions): Promise<void> {
    await whenUp(runtime, runtime === this.runtimes.primary ? this.settings.primaryWait : 0, options);
  }

  async call(runtime: Runtime, request: Buffer, options: CallOptions): Promise<Reply> {
    if (runtime.state.kind !== 'up') await this.ready(runtime, options);
    const lane = this.lane(runtime);
    const reply = await runtime.call(lane.path, lane.encode(request), options);
    const message = lane.decode(reply.message);
    return message === reply.message ? reply : { message, headers: reply.headers, trailers: reply.trailers };
  }

  /** Throws at once where the call cannot be made. */
  stream(runtime: Runtime, request: Buffer, options: CallOptions): ReplyStream {
    const lane = this.lane(runtime);
    const reply = runtime.stream(lane.path, [lane.encode(request)], options);
    return {
      headers: reply.headers,
      get trailers() {
        return reply.trailers;
      },
      async *[Symbol.asyncIterator]() {
        for await (const message of reply) yield lane.decode(message);
      },
    };
  }

  private lane(runtime: Runtime): Lane {
    const { state } = runtime;
    if (state.kind !== 'up') throw unavailable(runtime, state);
    const known = this.lanes.get(runtime);
    // A runtime may come back as another version, with other packages: the list is a new one then.
    if (known !== undefined && known.served === state.packages) return known.lane;
    const lane = openLane(this.method, this.client, runtime, state.packages, this.runtimes, this.settings.streamBase);
    this.lanes.set(runtime, { served: state.packages, lane });
    return lane;
  }

  private reading<T>(read: () => T): T {
    try {
      return read();
    } catch (fault) {
      if (!(fault instanceof WireError)) throw fault;
      const message = `criproxy: malformed ${this.method.request}: ${fault.message}`;
      throw new ProxyError(Code.InvalidArgument, message, { cause: fault });
    }
  }
}
