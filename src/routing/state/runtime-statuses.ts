import type { Logger } from '../../base/logger.ts';
import type { CgroupDriverName } from '../../cri/read/cgroup-driver.ts';
import { Inquiry } from '../asking/inquiry.ts';
import type { Runtime, RuntimeState } from '../port/runtime.ts';

/** A runtime's status, or the reason why there is none. */
export type StatusOutcome =
  | { readonly kind: 'answered'; readonly status: Buffer }
  | { readonly kind: 'silent'; readonly reason: string };

interface Driver {
  /** A runtime may come back with another configuration. */
  readonly state: RuntimeState;
  readonly name: CgroupDriverName | undefined;
}

/** The statuses and cgroup drivers of the runtimes, kept as long as they are of use. */
export class RuntimeStatuses {
  private readonly log: Logger;
  private readonly statuses = new WeakMap<Runtime, Inquiry<Buffer>>();
  private readonly drivers = new WeakMap<Runtime, Inquiry<Driver>>();
  private readonly warned = new Set<string>();

  constructor(log: Logger) {
    this.log = log;
  }

  /** The last StatusResponse of the runtime; undefined without one. */
  lastOf(runtime: Runtime): Buffer | undefined {
    return this.statuses.get(runtime)?.last?.value;
  }

  /**
   * Asks for the status by `send`, within `limit` ms, and `patience` ms for the client. A silent runtime is not waited for until it has
   * answered. Never rejects.
   */
  async ask(runtime: Runtime, limit: number, patience: number, send: () => Promise<Buffer>): Promise<StatusOutcome> {
    if (runtime.state.kind === 'down') return { kind: 'silent', reason: runtime.state.reason };
    const inquiry = this.statuses.get(runtime) ?? new Inquiry<Buffer>();
    this.statuses.set(runtime, inquiry);
    const isSettled = await inquiry.ask(runtime, limit, send, patience);
    const { last, fault, lateSince } = inquiry;
    if (lateSince !== undefined) {
      return { kind: 'silent', reason: `it has not answered Status since ${new Date(lateSince).toISOString()}` };
    }
    if (!isSettled) return { kind: 'silent', reason: 'it has not answered Status yet' };
    return fault === undefined ? { kind: 'answered', status: last!.value } : { kind: 'silent', reason: fault.message };
  }

  /** The cgroup driver, found by `find` once for each time that the runtime comes up; undefined if not in time. */
  async cgroupDriver(
    runtime: Runtime,
    limit: number,
    patience: number,
    find: () => Promise<CgroupDriverName | undefined>,
  ): Promise<CgroupDriverName | undefined> {
    const { state } = runtime;
    if (state.kind === 'down') return undefined;
    const inquiry = this.drivers.get(runtime) ?? new Inquiry<Driver>();
    this.drivers.set(runtime, inquiry);
    if (inquiry.last?.value.state !== state) {
      await inquiry.ask(runtime, limit, async () => ({ state, name: await find() }), patience);
    }
    const known = inquiry.last?.value;
    return known?.state === state ? known.name : undefined;
  }

  /** `runtime` is the same runtime as `before` in another generation. */
  inherit(runtime: Runtime, before: Runtime): void {
    const known = this.statuses.get(before);
    if (known !== undefined) this.statuses.set(runtime, known);
  }

  /** Logs a warning once. */
  warnOnce(text: string): void {
    if (this.warned.has(text)) return;
    this.warned.add(text);
    this.log.warn(text);
  }
}
