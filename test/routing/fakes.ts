import type { CallOptions, Metadata, ReplyStream } from '../../src/base/call.ts';
import { Code } from '../../src/base/codes.ts';
import { ProxyError } from '../../src/base/error.ts';
import type { Runtime, RuntimeState } from '../../src/routing/port/runtime.ts';
import type { Package } from '../support/facts.ts';

/** One call as the runtime got it. */
export interface Asked {
  readonly path: string;
  readonly method: string;
  readonly request: Buffer;
  readonly options: CallOptions;
}

type Unary = Buffer | ProxyError | { message: Buffer; headers?: Metadata; trailers?: Metadata };
type UnaryAnswer = Unary | ((request: Buffer, asked: Asked) => Unary | Promise<Unary>);
type StreamAnswer = readonly Buffer[] | Source | ((request: Buffer, asked: Asked) => Source);

export type Answers = Record<string, UnaryAnswer | StreamAnswer | undefined>;

/** A runtime as an object literal, which keeps a journal. */
export interface FakeRuntime extends Runtime {
  readonly asked: Asked[];
  /** Answers by method. A method without a row is Unimplemented; the lists of state are empty. */
  readonly answers: Answers;
  askedFor(method: string): Asked[];
  comeUp(packages?: readonly Package[]): void;
  goDown(reason?: string): void;
}

const nothing = Buffer.alloc(0);
const emptyLists = ['ListPodSandbox', 'ListContainers', 'ListImages'];

export function fakeRuntime(
  id: string,
  options: { answers?: Answers; packages?: readonly Package[]; state?: 'up' | 'down' | 'lost' } = {},
): FakeRuntime {
  const { answers = {}, packages = ['runtime.v1'], state: first = 'up' } = options;
  const asked: Asked[] = [];
  const listeners = new Set<(state: RuntimeState) => void>();
  const up = (served: readonly Package[]): RuntimeState => ({ kind: 'up', since: 0, packages: [...served] });
  const down = (reason: string, seen: boolean): RuntimeState => ({ kind: 'down', since: 0, reason, seen });
  let state = first === 'up' ? up(packages) : down('no socket', first === 'lost');
  const change = (next: RuntimeState): void => {
    state = next;
    for (const listener of [...listeners]) listener(state);
  };
  const note = (path: string, request: Buffer, options: CallOptions): Asked => {
    const entry = { path, method: path.slice(path.lastIndexOf('/') + 1), request, options };
    asked.push(entry);
    return entry;
  };
  return {
    id,
    ...placeOf(id),
    asked,
    answers,
    get state() {
      return state;
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async call(path, request, options) {
      return answerUnary(answers, note(path, request, options));
    },
    stream(path, requests, options) {
      const [request = nothing] = requests as Iterable<Buffer>;
      return openStream(answers, note(path, request, options));
    },
    askedFor: method => asked.filter(entry => entry.method === method),
    comeUp: (served = packages) => change(up(served)),
    goDown: (reason = 'it was killed') => change(down(reason, true)),
  };
}

async function answerUnary(answers: Answers, asked: Asked) {
  const row = answers[asked.method] ?? (emptyLists.includes(asked.method) ? nothing : unimplemented(asked.method));
  const answer = (typeof row === 'function' ? await row(asked.request, asked) : row) as Unary;
  if (answer instanceof ProxyError) throw answer;
  const { message, headers = [], trailers = [] } = Buffer.isBuffer(answer) ? { message: answer } : answer;
  return { message, headers, trailers };
}

function openStream(answers: Answers, asked: Asked): ReplyStream {
  const { method, options, request } = asked;
  const row = (answers[method] ?? unimplemented(method)) as StreamAnswer | ProxyError;
  const source = row instanceof Source ? row : new Source();
  if (row instanceof ProxyError) source.fail(row);
  else if (typeof row === 'function') return openStream({ [method]: row(request, asked) }, asked);
  else if (!(row instanceof Source)) {
    for (const message of row as readonly Buffer[]) source.push(message);
    source.end();
  }
  source.follow(options.signal);
  return {
    headers: source.headers,
    get trailers() {
      return source.trailers;
    },
    [Symbol.asyncIterator]: () => source,
  };
}

export function unimplemented(method: string): ProxyError {
  return new ProxyError(Code.Unimplemented, `unknown method ${method}`);
}

type Step = { message: Buffer } | { fault: unknown } | 'end';

/** A stream that a test feeds. As in the transport, leaving it, or the caller's signal, cancels it at once. */
export class Source implements AsyncIterator<Buffer> {
  /** The number of messages that have been asked for. */
  pulls = 0;
  cancelled = false;
  headers: Promise<Metadata> = Promise.resolve([]);
  trailers: Metadata = [];
  private readonly steps: Step[] = [];
  private readonly waiting: Array<(step: Step) => void> = [];

  push(...messages: readonly Buffer[]): void {
    for (const message of messages) this.give({ message });
  }

  end(): void {
    this.give('end');
  }

  fail(fault: unknown): void {
    this.give({ fault });
  }

  follow(signal: AbortSignal): void {
    signal.addEventListener('abort', () => this.cancel(), { once: true });
  }

  async next(): Promise<IteratorResult<Buffer, undefined>> {
    this.pulls++;
    const step = this.steps.shift() ?? (await new Promise<Step>(resolve => this.waiting.push(resolve)));
    // The end of a stream is final.
    if (step === 'end' || 'fault' in step) this.steps.unshift('end');
    if (step === 'end') return { done: true, value: undefined };
    if ('fault' in step) throw step.fault;
    return { done: false, value: step.message };
  }

  async return(): Promise<IteratorResult<Buffer, undefined>> {
    this.cancel();
    return { done: true, value: undefined };
  }

  private cancel(): void {
    this.cancelled = true;
    this.give({ fault: new ProxyError(Code.Cancelled, 'the call was cancelled') });
  }

  private give(step: Step): void {
    const waiting = this.waiting.shift();
    if (waiting === undefined) this.steps.push(step);
    else waiting(step);
  }
}

/** The place that a runtime without a socket reports. */
export function placeOf(id: string): { path: string; socket: string } {
  const socket = `/run/${id === '' ? 'primary' : id}.sock`;
  return { path: socket, socket };
}
