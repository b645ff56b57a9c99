import type { Metadata, Reply } from '../../src/base/call.ts';
import { Code } from '../../src/base/codes.ts';
import { ProxyError } from '../../src/base/error.ts';
import { type Answerer, type Asked, FakePort, type Messages, type PortOptions } from '../support/fakes/fake-port.ts';

type Unary = Buffer | ProxyError | { message: Buffer; headers?: Metadata; trailers?: Metadata };
type UnaryAnswer = Unary | ((request: Buffer, asked: Asked) => Unary | Promise<Unary>);
type StreamAnswer = readonly Buffer[] | Source | ((request: Buffer, asked: Asked) => Source);

export type Answers = Record<string, UnaryAnswer | StreamAnswer | undefined>;

/** A runtime whose answers are rows of a table. */
export class FakeRuntime extends FakePort {
  /** Answers by method. A method without a row is Unimplemented; the lists of state are empty. */
  readonly answers: Answers;

  constructor(id: string, answers: Answers, options: PortOptions) {
    super(id, new TableAnswers(answers), options);
    this.answers = answers;
  }
}

/** It is up, unless `state` says otherwise. */
export function fakeRuntime(
  id: string,
  { answers = {}, ...options }: PortOptions & { readonly answers?: Answers } = {},
): FakeRuntime {
  return new FakeRuntime(id, answers, options);
}

const nothing = Buffer.alloc(0);
const emptyLists = ['ListPodSandbox', 'ListContainers', 'ListImages'];

class TableAnswers implements Answerer {
  private readonly answers: Answers;

  constructor(answers: Answers) {
    this.answers = answers;
  }

  async answer(asked: Asked): Promise<Reply> {
    const { method } = asked;
    const row = this.answers[method] ?? (emptyLists.includes(method) ? nothing : unimplemented(method));
    const answer = (typeof row === 'function' ? await row(asked.request, asked) : row) as Unary;
    if (answer instanceof ProxyError) throw answer;
    const { message, headers = [], trailers = [] } = Buffer.isBuffer(answer) ? { message: answer } : answer;
    return { message, headers, trailers };
  }

  open(asked: Asked): Source {
    const row = (this.answers[asked.method] ?? unimplemented(asked.method)) as StreamAnswer | ProxyError;
    const answer = typeof row === 'function' ? row(asked.request, asked) : row;
    if (answer instanceof Source) return answer;
    const source = new Source();
    if (answer instanceof ProxyError) source.fail(answer);
    else {
      source.push(...answer);
      source.end();
    }
    return source;
  }
}

export function unimplemented(method: string): ProxyError {
  return new ProxyError(Code.Unimplemented, `unknown method ${method}`);
}

type Step = { message: Buffer } | { fault: unknown } | 'end';

/** A stream that a test feeds. As in the transport, leaving it cancels it at once. */
export class Source implements Messages {
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
