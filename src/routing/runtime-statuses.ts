import { ProxyError } from '../base/error.ts';
import type { Logger } from '../base/logger.ts';
import type { CgroupDriverName } from '../cri/cgroup-driver.ts';
import { within } from './budget.ts';
import type { Runtime, RuntimeState } from './runtime.ts';

/** What a runtime says of itself, or why it says nothing. */
export type StatusOutcome =
  | { readonly kind: 'answered'; readonly status: Buffer }
  | { readonly kind: 'silent'; readonly reason: string };

interface Question {
  readonly answer: Promise<StatusOutcome>;
  isLate: boolean;
}

/** What the runtimes say of themselves, kept for as long as it is of use. */
export class RuntimeStatuses {
  private readonly log: Logger;
  private readonly questions = new WeakMap<Runtime, Question>();
  private readonly last = new WeakMap<Runtime, Buffer>();
  private readonly drivers = new WeakMap<
    Runtime,
    { state: RuntimeState; driver: Promise<CgroupDriverName | undefined> }
  >();
  private readonly warned = new Set<string>();

  constructor(log: Logger) {
    this.log = log;
  }

  /** The last StatusResponse that the runtime has given; undefined if there was none. */
  lastOf(runtime: Runtime): Buffer | undefined {
    return this.last.get(runtime);
  }

  /**
   * Gets its status by `send`, within `limit` ms; one that has let a question wait is not waited for until it has answered
   * that. Never rejects.
   */
  async ask(runtime: Runtime, limit: number, send: () => Promise<Buffer>): Promise<StatusOutcome> {
    if (runtime.state.kind === 'down') return { kind: 'silent', reason: runtime.state.reason };
    const question = this.questions.get(runtime) ?? this.begin(runtime, send);
    const late = { kind: 'silent', reason: 'it does not answer Status' } as const;
    if (question.isLate) return late;
    return await within(limit, question.answer, over => {
      question.isLate = !over;
    }).catch(() => late);
  }

  private begin(runtime: Runtime, send: () => Promise<Buffer>): Question {
    const answer = send()
      .then(
        (status): StatusOutcome => {
          this.last.set(runtime, status);
          return { kind: 'answered', status };
        },
        (fault): StatusOutcome => ({ kind: 'silent', reason: ProxyError.from(fault).message }),
      )
      .finally(() => this.questions.delete(runtime));
    const question = { answer, isLate: false };
    this.questions.set(runtime, question);
    return question;
  }

  /** The cgroup driver that `find` finds, once for each time that the runtime comes up; undefined if not in time. */
  async cgroupDriver(
    runtime: Runtime,
    limit: number,
    find: () => Promise<CgroupDriverName | undefined>,
  ): Promise<CgroupDriverName | undefined> {
    const { state } = runtime;
    if (state.kind === 'down') return undefined;
    let known = this.drivers.get(runtime);
    // It may come back with another configuration.
    if (known?.state !== state) {
      known = { state, driver: find() };
      this.drivers.set(runtime, known);
      known.driver.catch(() => this.drivers.delete(runtime));
    }
    return within(limit, known.driver).catch(() => undefined);
  }

  /** A warning that is of use only once. */
  warnOnce(text: string): void {
    if (this.warned.has(text)) return;
    this.warned.add(text);
    this.log.warn(text);
  }
}
