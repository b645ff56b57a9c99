import { Code } from '../../base/codes.ts';
import { ProxyError } from '../../base/error.ts';
import { steadyNow } from '../../base/steady-clock.ts';
import type { Runtime, RuntimeState } from '../port/runtime.ts';
import { unavailable } from './availability.ts';
import { within } from './budget.ts';

/** An answer, and the time of its question, as performance.now(). */
export interface Known<T> {
  readonly value: T;
  readonly askedAt: number;
}

/**
 * A question that a runtime is asked again and again, for all callers together: at most one is under way, and its answer, however
 * late, is the next known one. After a question that has waited for longer than its limit, no caller waits for the runtime until it
 * has answered, or has a new connection.
 */
export class Inquiry<T> {
  /** The last answer; undefined if there was none. */
  last: Known<T> | undefined;
  /** The reason why the last answer is out of date; undefined if it is current. */
  fault: ProxyError | undefined;
  /** The time of the question that the runtime has not answered within its limit, in ms since the epoch. */
  lateSince: number | undefined;
  private state: RuntimeState | undefined;
  /** Settles when the question under way is answered or late; undefined without a question. */
  private wait: Promise<void> | undefined;

  /**
   * Resolves when the question under way (sent by `send` if there is none) is answered, or has waited for `limit` ms; at once for a
   * silent runtime. Then `last` and `fault` have the result. Resolves with false after `patience` ms, which proves nothing about the
   * runtime. Never rejects.
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
    // A question that the proxy itself has ended has no answer.
    if (this.lateSince !== undefined && fault?.code === Code.DeadlineExceeded) return;
    this.lateSince = undefined;
    this.fault = fault;
  }
}
