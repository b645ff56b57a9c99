import { Code } from '../../base/codes.ts';
import { ProxyError } from '../../base/error.ts';
import { steadyNow } from '../../base/steady-clock.ts';
import type { Runtime, RuntimeState } from '../port/runtime.ts';
import { unavailable } from './availability.ts';
import { within } from './budget.ts';

/** An answer, and when it was asked for, as performance.now(). */
export interface Known<T> {
  readonly value: T;
  readonly askedAt: number;
}

/**
 * One thing that a runtime is asked for again and again, for all who want to know: one question is under way at most, and its
 * answer, however late, is the next that is known. A runtime that has let a question wait for longer than its limit is not waited
 * for again until it has answered, or its connection is another one.
 */
export class Inquiry<T> {
  /** The last answer; undefined if there was none. */
  last: Known<T> | undefined;
  /** Why what is known is not of now; undefined if it is. */
  fault: ProxyError | undefined;
  /** When the question was asked that the runtime has let wait, and has not answered since, in ms since the epoch. */
  lateSince: number | undefined;
  private state: RuntimeState | undefined;
  /** Until the question under way is answered or late; undefined if none is. */
  private wait: Promise<void> | undefined;

  /**
   * Resolves when the question that is under way, begun by `send` if there is none, is answered, or has waited for `limit` ms;
   * at once where there is nobody to wait for. Then `last` and `fault` tell. With false if that has taken longer than `patience`
   * ms, which says nothing of the runtime. Never rejects.
   */
  async ask(runtime: Runtime, limit: number, send: () => Promise<T>, patience = limit): Promise<boolean> {
    const { state } = runtime;
    if (state !== this.state) {
      this.state = state;
      this.wait = undefined;
      this.lateSince = undefined;
    }
    if (state.kind === 'down') {
      this.fault = unavailable(runtime, state);
      return true;
    }
    const settled = (this.wait ?? this.begin(runtime, limit, send)).then(() => true);
    return patience < limit ? within(patience, settled).catch(() => false) : settled;
  }

  private begin(runtime: Runtime, limit: number, send: () => Promise<T>): Promise<void> {
    const { state } = runtime;
    const askedAt = performance.now();
    const answer = send().then(
      value => {
        if (askedAt >= (this.last?.askedAt ?? 0)) this.last = { value, askedAt };
        if (this.state === state) this.end(undefined);
      },
      cause => {
        if (this.state === state) this.end(ProxyError.from(cause));
      },
    );
    const noteLate = (isOver: boolean) => {
      if (isOver || this.state !== state) return;
      this.beLate(askedAt, limit);
      runtime.silence?.overdue(askedAt);
    };
    const waited = within(limit, answer, noteLate).catch(() => {});
    this.wait = this.lateSince === undefined ? waited : Promise.resolve();
    return this.wait;
  }

  private beLate(askedAt: number, limit: number): void {
    this.lateSince ??= steadyNow() - (performance.now() - askedAt);
    this.fault = new ProxyError(Code.DeadlineExceeded, `no answer within ${limit} ms`);
    this.wait = Promise.resolve();
  }

  private end(fault: ProxyError | undefined): void {
    this.wait = undefined;
    // The end of a question that only the proxy's own patience has ended is no answer.
    if (this.lateSince !== undefined && fault?.code === Code.DeadlineExceeded) return;
    this.lateSince = undefined;
    this.fault = fault;
  }
}
