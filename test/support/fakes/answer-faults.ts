import { setTimeout as sleep } from 'node:timers/promises';
import type { Reply } from '../../../src/base/call.ts';
import { Code } from '../../../src/base/codes.ts';
import { ProxyError } from '../../../src/base/error.ts';
import type { Answerer, Asked, Messages } from './fake-port.ts';
import { PodModel } from './pod-model.ts';

/**
 * `hang`: takes calls and answers none. `error`: fails every call at once. `slow`: answers after `delay` ms. `garbage`: sends
 * lists that are none.
 */
export type FaultMode = 'ok' | 'hang' | 'error' | 'slow' | 'garbage';

/** Faults of a runtime, to be switched on, around its answers. */
export class AnswerFaults implements Answerer {
  mode: FaultMode = 'ok';
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
  /** A stream breaks after so many messages. */
  breakAfter = Number.POSITIVE_INFINITY;
  /** While set, the answer of a list is made at once and given when this has resolved. */
  held: Promise<void> | undefined;
  /** The next call that changes something is done, and its answer lost with the connection. */
  losesAnswer = false;
  private resumed = Promise.withResolvers<void>();
  private readonly inner: Answerer;
  private readonly lose: () => void;

  /** `lose` ends the connection. */
  constructor(inner: Answerer, lose: () => void) {
    this.inner = inner;
    this.lose = lose;
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

  async answer(asked: Asked): Promise<Reply> {
    await this.fail(asked);
    const isList = asked.method.startsWith('List');
    if (this.mode === 'garbage' && isList) return { message: garbage, headers: [], trailers: [] };
    const held = isList ? this.held : undefined;
    const reply = await this.inner.answer(asked);
    if (held !== undefined) await held;
    if (this.isEarly(asked.method)) await sleep(this.delay);
    if (this.losesAnswer && PodModel.isChange(asked.method)) {
      this.losesAnswer = false;
      this.lose();
    }
    return reply;
  }

  open(asked: Asked): Messages {
    const messages = this.inner.open(asked);
    let begun: Promise<void> | undefined;
    let sent = 0;
    const next = async () => {
      if (begun === undefined) {
        begun = this.fail(asked);
        await begun;
        if (this.mode === 'garbage' && asked.method !== 'GetContainerEvents') return { done: false, value: garbage };
      }
      await begun;
      const result = await messages.next();
      if (sent++ < this.breakAfter) return result;
      void messages.return();
      throw new ProxyError(Code.Unavailable, 'the stream broke');
    };
    const { headers, trailers } = messages;
    return { headers, trailers, next: next as Messages['next'], return: () => messages.return() };
  }

  private async fail({ method, request }: Asked): Promise<void> {
    const filters = this.hangsOnFilters && /^(?:List|Stream)/.test(method) && request.length > 0;
    if (this.mode === 'hang' || filters) await this.resumed.promise;
    if (this.mode === 'slow' && !this.isEarly(method)) await sleep(this.delay);
    if (this.mode === 'error') throw new ProxyError(this.errorCode, 'every call fails');
    if (this.lacks.has(method) || this.lacks.has(PodModel.unaryOf(method) ?? method))
      throw new ProxyError(Code.Unimplemented, `no ${method}`);
  }

  private isEarly(method: string): boolean {
    return this.mode === 'slow' && this.looksEarly && method.startsWith('List');
  }
}

/** Field 1 claims 127 bytes, and has one. */
const garbage = Buffer.from([0x0a, 0x7f, 0x00]);
