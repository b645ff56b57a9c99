import { setImmediate } from 'node:timers/promises';
import type { AdminAnswer } from '../../../src/admin/admin-route.ts';
import type { TracedCall, TraceLine } from '../../../src/admin/api/trace-line.ts';
import type { NameSubject } from '../../../src/app/trace/trace-reader.ts';
import { traceRoutes } from '../../../src/app/trace/trace-routes.ts';
import type { Reply } from '../../../src/base/call.ts';
import { Code } from '../../../src/base/codes.ts';
import { ProxyError } from '../../../src/base/error.ts';
import { type CallObserver, CallWatch } from '../../../src/watch/call-watch.ts';
import { watchedService } from '../../../src/watch/watched-service.ts';
import { criTypes, type Message } from '../../support/cri-types.ts';
import { methodFact, methodPath } from '../../support/facts.ts';

const nothing = Buffer.alloc(0);

/** A call to make: its runtimes, and how it ends. */
export interface Made {
  readonly request?: Message | Buffer;
  readonly response?: Message | Buffer;
  readonly runtimes?: readonly string[];
  readonly fault?: ProxyError;
  readonly userAgent?: string;
}

/** The observers of calls, with calls that are made by hand; nothing else is there. */
export class TraceLab {
  readonly watch = new CallWatch();
  /** The observers that are registered now. */
  readonly observers = new Set<CallObserver>();
  private readonly handle;
  private readonly ends: AbortController[] = [];

  constructor(names: NameSubject) {
    const add = (observer: CallObserver) => {
      this.observers.add(observer);
      const remove = this.watch.add(observer);
      return () => {
        this.observers.delete(observer);
        remove();
      };
    };
    const [route] = traceRoutes({ watch: { add }, runtimes: () => ['', 'alt'], names });
    this.handle = route!.handle;
  }

  /** Begins to read; resolves when calls are seen. */
  async read(query = ''): Promise<LabReader> {
    const end = new AbortController();
    this.ends.push(end);
    const answer = (await this.handle({
      query: new URLSearchParams(query),
      body: undefined,
      signal: end.signal,
    })) as AdminAnswer & { kind: 'lines' };
    const reader = new LabReader(answer.lines, end);
    await reader.next();
    return reader;
  }

  /** Makes one unary call. */
  async call(
    method: string,
    { request = {}, response = {}, runtimes = [''], fault, userAgent = 'kubelet' }: Made = {},
  ) {
    const path = methodPath(method, 'runtime.v1');
    const fact = methodFact(method);
    const types = criTypes('runtime.v1');
    const encode = (name: string, value: Message | Buffer) =>
      Buffer.isBuffer(value) ? value : types.encode(name, value);
    const service = watchedService(
      () => ({
        kind: 'unary',
        handle: async (_request, options): Promise<Reply> => {
          for (const runtime of runtimes) options.watched!.sent(runtime, path)(fault?.code ?? Code.OK);
          if (fault !== undefined) throw fault;
          return { message: encode(fact.response, response), headers: [], trailers: [] };
        },
      }),
      this.watch,
    );
    const served = service(path)!;
    if (served.kind !== 'unary') throw new Error('not unary');
    const options = { metadata: [], deadline: undefined, signal: new AbortController().signal, userAgent };
    await served.handle(encode(fact.request, request), options).catch(() => nothing);
  }

  stop(): void {
    for (const end of this.ends) end.abort();
  }
}

/** A reader that takes lines only when a test tells it to. */
export class LabReader {
  private readonly lines: AsyncIterator<string>;
  private readonly waiting: TraceLine[] = [];
  private readonly controller: AbortController;

  constructor(lines: AsyncIterable<string>, controller: AbortController) {
    this.lines = lines[Symbol.asyncIterator]();
    this.controller = controller;
  }

  async next(): Promise<TraceLine> {
    if (this.waiting.length === 0) {
      const { value, done } = await this.lines.next();
      if (done === true) throw new Error('no more lines');
      this.waiting.push(...(value as string).split('\n').map(text => JSON.parse(text) as TraceLine));
    }
    return this.waiting.shift()!;
  }

  /** The next line, which is of a call. */
  async call(): Promise<TracedCall> {
    const line = await this.next();
    if (line.kind === 'start' || line.kind === 'lost') throw new Error(`a line of kind ${line.kind}`);
    return line;
  }

  /** All remaining lines; no more can come, since nobody makes calls. */
  async rest(): Promise<TraceLine[]> {
    const lines: TraceLine[] = [];
    for (;;) {
      const line = await Promise.race([this.next(), turns(10)]);
      if (line === undefined) return lines;
      lines.push(line);
    }
  }

  /** The reader goes away. */
  async end(): Promise<void> {
    this.controller.abort();
    await this.lines.return?.();
  }
}

/** Waits for so many turns of the event loop. */
async function turns(count: number): Promise<undefined> {
  for (let turn = 0; turn < count; turn++) await setImmediate();
}

export const notFound = new ProxyError(Code.NotFound, 'no such container');
