import { setTimeout as sleep } from 'node:timers/promises';
import type { CallOptions, Reply, ReplyStream } from '../../../src/base/call.ts';
import { Code } from '../../../src/base/codes.ts';
import { ProxyError } from '../../../src/base/error.ts';
import type { Runtime, RuntimeState } from '../../../src/routing/port/runtime.ts';
import { placeOf } from '../../routing/fakes.ts';
import { criTypes, type Message } from '../../support/cri-types.ts';
import { methodFact, type Package } from '../../support/facts.ts';
import { EventFeed } from './event-feed.ts';
import { PodModel, type PodState } from './pod-model.ts';

/**
 * `hang`: takes calls and answers none. `error`: fails every call at once. `slow`: answers after `delay` ms. `garbage`: sends
 * lists that are none.
 */
export type PortMode = 'ok' | 'hang' | 'error' | 'slow' | 'garbage';

/** `name`: the name of the runtime itself, whatever its id; `state`: its pods and containers, which ports may share. */
export interface PortOptions {
  readonly packages?: Package[];
  readonly state?: PodState;
  readonly name?: string;
}

/** A runtime without sockets: the port of routing over a PodModel, with faults to switch on. */
export class FakePort implements Runtime {
  readonly id: string;
  readonly path: string;
  readonly socket: string;
  readonly model: PodModel;
  state: RuntimeState;
  mode: PortMode = 'ok';
  /** Methods that are Unimplemented. */
  readonly lacks = new Set<string>();
  /** The delay of `slow`, in ms. */
  delay = 0;
  /** A slow list has the state of the moment when it was asked for, not when it comes. */
  looksEarly = false;
  /** Lists with a filter hang, as if one item of many cannot be looked at. */
  hangsOnFilters = false;
  /** The status code of `error`. */
  errorCode: number = Code.Unknown;
  /** Method names in the order of the calls. */
  readonly asked: string[] = [];
  /** Streams and calls that have begun and not ended. */
  open = 0;
  /** The number of messages taken from streams. */
  given = 0;
  /** Items in one message of a streamed list; a stream breaks after `breakAfter` messages. */
  chunk = 2;
  breakAfter = Number.POSITIVE_INFINITY;
  /** While set, the answer of a list is made at once and given when this has resolved. */
  held: Promise<void> | undefined;
  /** The next call that changes something is done, and its answer lost with the connection. */
  losesAnswer = false;
  private resumed = Promise.withResolvers<void>();
  private readonly packages: readonly Package[];
  private readonly watchers = new Set<(state: RuntimeState) => void>();
  private readonly breakers = new Set<(fault: ProxyError) => void>();

  constructor(id: string, { packages = ['runtime.v1'], state, name = id || 'primary' }: PortOptions = {}) {
    this.id = id;
    ({ path: this.path, socket: this.socket } = placeOf(id));
    this.packages = packages;
    this.model = new PodModel(name, state);
    this.state = { kind: 'down', since: Date.now(), reason: 'not started', seen: false };
  }

  get watching(): number {
    return this.watchers.size;
  }

  onChange(listener: (state: RuntimeState) => void): () => void {
    this.watchers.add(listener);
    return () => this.watchers.delete(listener);
  }

  up(): void {
    const versions = new Map(this.packages.map(pkg => [pkg, this.handle(pkg, 'Version', Buffer.alloc(0))]));
    this.change({ kind: 'up', since: Date.now(), packages: [...this.packages], versions });
  }

  /** Calls and streams in flight fail, as with a connection that is lost. */
  down(reason = 'killed'): void {
    this.change({ kind: 'down', since: Date.now(), reason, seen: true });
    for (const fail of [...this.breakers]) fail(new ProxyError(Code.Unavailable, reason));
  }

  /** Takes calls and answers none until it goes on, like a stopped process. */
  hang(): void {
    this.mode = 'hang';
  }

  goOn(): void {
    this.mode = 'ok';
    this.hangsOnFilters = false;
    this.resumed.resolve();
    this.resumed = Promise.withResolvers();
  }

  private change(state: RuntimeState): void {
    this.state = state;
    for (const watcher of [...this.watchers]) watcher(state);
  }

  async call(path: string, request: Buffer, options: CallOptions): Promise<Reply> {
    const { pkg, method } = this.begin(path);
    const broken = this.breaks(options);
    this.open++;
    try {
      return await Promise.race([this.answer(pkg, method, request), broken.promise]);
    } finally {
      this.open--;
      broken.forget();
    }
  }

  stream(path: string, requests: AsyncIterable<Buffer> | Iterable<Buffer>, options: CallOptions): ReplyStream {
    const { pkg, method } = this.begin(path);
    const [request] = [...(requests as Iterable<Buffer>)];
    const feed = new EventFeed(this.model, pkg);
    const messages = method === 'GetContainerEvents' ? this.events(feed) : this.parts(pkg, method, request!);
    const guarded = this.guard(messages, options, () => feed.close());
    return { headers: Promise.resolve([]), trailers: [], [Symbol.asyncIterator]: () => guarded };
  }

  private begin(path: string): { pkg: Package; method: string } {
    const [, pkg, method] = /^\/(.+)\.\w+\/(\w+)$/.exec(path) as unknown as [string, Package, string];
    if (this.state.kind === 'down') throw new ProxyError(Code.Unavailable, 'down');
    if (!this.packages.includes(pkg)) throw new ProxyError(Code.Unimplemented, `no ${pkg}`);
    this.asked.push(method);
    return { pkg, method };
  }

  private async answer(pkg: Package, method: string, request: Buffer): Promise<Reply> {
    await this.fail(method, request);
    if (this.mode === 'garbage' && method.startsWith('List')) return { message: garbage, headers: [], trailers: [] };
    const held = method.startsWith('List') ? this.held : undefined;
    const message = this.handle(pkg, method, request);
    if (held !== undefined) await held;
    if (this.isEarly(method)) await sleep(this.delay);
    if (this.losesAnswer && PodModel.isChange(method)) {
      this.losesAnswer = false;
      this.down('died before it could answer');
    }
    return { message, headers: [], trailers: [] };
  }

  private async fail(method: string, request: Buffer = Buffer.alloc(0)): Promise<void> {
    const filters = this.hangsOnFilters && /^(?:List|Stream)/.test(method) && request.length > 0;
    if (this.mode === 'hang' || filters) await this.resumed.promise;
    if (this.mode === 'slow' && !this.isEarly(method)) await sleep(this.delay);
    if (this.mode === 'error') throw new ProxyError(this.errorCode, 'every call fails');
  }

  private isEarly(method: string): boolean {
    return this.mode === 'slow' && this.looksEarly && method.startsWith('List');
  }

  private handle(pkg: Package, method: string, request: Buffer): Buffer {
    const fact = methodFact(method);
    if (this.lacks.has(method)) throw new ProxyError(Code.Unimplemented, `no ${method}`);
    try {
      const answer = this.model.handle(method, criTypes(pkg).decode(fact.request, request));
      if (answer === undefined) throw new ProxyError(Code.Unimplemented, `no ${method}`);
      return criTypes(pkg).encode(fact.response, inPackage(pkg, answer));
    } catch (fault) {
      if (fault instanceof Error) throw fault;
      const { code, message } = fault as { code: number; message: string };
      throw new ProxyError(code, message);
    }
  }

  private async *parts(pkg: Package, method: string, request: Buffer): AsyncGenerator<Buffer> {
    await this.fail(method, request);
    if (this.mode === 'garbage') yield garbage;
    const unary = PodModel.unaryOf(method);
    if (unary === undefined || this.lacks.has(method)) throw new ProxyError(Code.Unimplemented, `no ${method}`);
    const types = criTypes(pkg);
    const whole = types.decode(methodFact(unary).response, this.handle(pkg, unary, request));
    const items: Message[] = Object.values(whole)[0];
    const field = Object.keys(types.decode(methodFact(method).response, Buffer.alloc(0)))[0]!;
    let sent = 0;
    for (let at = 0; at < items.length; at += this.chunk) {
      if (sent++ >= this.breakAfter) throw new ProxyError(Code.Unavailable, 'broke in the middle');
      yield types.encode(methodFact(method).response, { [field]: items.slice(at, at + this.chunk) });
    }
    if (sent >= this.breakAfter) throw new ProxyError(Code.Unavailable, 'broke at the end');
  }

  private async *events(feed: EventFeed): AsyncGenerator<Buffer> {
    await this.fail('GetContainerEvents');
    if (this.lacks.has('GetContainerEvents')) throw new ProxyError(Code.Unimplemented, 'no events');
    yield* feed;
  }

  /** Works like the transport: the stream is open from the call on, and ends with it. */
  private guard(messages: AsyncGenerator<Buffer>, options: CallOptions, close: () => void): AsyncIterator<Buffer> {
    const broken = this.breaks(options);
    let isOpen = true;
    this.open++;
    const end = () => {
      if (isOpen) this.open--;
      isOpen = false;
      close();
      broken.forget();
      void messages.return(undefined).catch(() => {});
    };
    broken.promise.catch(end);
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
        end();
        return { done: true, value: undefined };
      },
    };
  }

  private breaks({ signal, deadline }: CallOptions): { promise: Promise<never>; forget: () => void } {
    const { promise, reject } = Promise.withResolvers<never>();
    promise.catch(() => {});
    const abort = () => reject(new ProxyError(Code.Cancelled, 'cancelled'));
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    const left = deadline === undefined ? undefined : deadline - performance.now();
    const expired = () => reject(new ProxyError(Code.DeadlineExceeded, 'deadline'));
    const timer = left === undefined ? undefined : setTimeout(expired, left).unref();
    this.breakers.add(reject);
    const forget = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      this.breakers.delete(reject);
    };
    return { promise, forget };
  }
}

/** Field 1 claims 127 bytes, and has one. */
const garbage = Buffer.from([0x0a, 0x7f, 0x00]);

/** The answer without the fields that came after `runtime`. */
function inPackage(pkg: Package, answer: Message): Message {
  if (pkg === 'runtime.v1') return answer;
  const strip = ({ image_id: _, runtime_handler: __, ...rest }: Message): Message => rest;
  const lists = ['items', 'containers'].filter(field => answer[field] !== undefined);
  return { ...answer, ...Object.fromEntries(lists.map(field => [field, answer[field].map(strip)])) };
}
