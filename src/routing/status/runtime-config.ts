import type { CallOptions } from '../../base/call.ts';
import { ProxyError } from '../../base/error.ts';
import { Level } from '../../base/log-level.ts';
import type { Logger } from '../../base/logger.ts';
import { runtimeName } from '../../base/runtime-name.ts';
import type { WatchedCall } from '../../base/watched-call.ts';
import { clientPatience, within } from '../asking/budget.ts';
import type { MethodPlan } from '../call/method-plan.ts';
import type { Runtime } from '../port/runtime.ts';
import type { NodeState } from '../state/node-state.ts';

/**
 * Sends UpdateRuntimeConfig to the secondaries. The kubelet sends the call once for each change of the pod CIDR (kubelet_network.go), so
 * a runtime gets the last one however long it takes, and again whenever it comes up. At most one such call to a runtime is under way.
 */
export class RuntimeConfigReplay {
  private last: { plan: MethodPlan; request: Buffer } | undefined;
  /** The runtimes that have it, or get it when they come up. */
  private informed = new WeakSet<Runtime>();
  private readonly underWay = new Map<Runtime, AbortController>();
  private readonly log: Logger;

  constructor(node: NodeState, log: Logger) {
    this.log = log;
    node.onChange(runtime => this.replay(runtime));
    node.generation.onChange(({ runtimes }) => {
      for (const [runtime, call] of this.underWay) if (!runtimes.all.includes(runtime)) call.abort();
      // The call may have been sent while a runtime was joining.
      for (const runtime of runtimes.all) if (!this.informed.has(runtime)) this.replay(runtime);
    });
  }

  /** Sends the client's call to the secondaries that are up; resolves when each has answered, or its list timeout is over. Never rejects. */
  async inform(plan: MethodPlan, request: Buffer, options: CallOptions): Promise<void> {
    this.last = { plan, request };
    this.informed = new WeakSet(plan.runtimes.all);
    const { all, primary } = plan.runtimes;
    const others = all.filter(runtime => runtime !== primary && runtime.state.kind === 'up');
    await Promise.all(others.map(runtime => this.informOne(plan, runtime, options)));
  }

  private async informOne(plan: MethodPlan, runtime: Runtime, options: CallOptions): Promise<void> {
    const { metadata, watched } = options;
    const complain = (fault: unknown) => this.complain(runtime, fault, watched);
    const call = this.send(runtime, { metadata, watched }).catch(complain);
    await within(clientPatience(options, plan.listTimeout(runtime)), call).catch(complain);
  }

  private replay(runtime: Runtime): void {
    if (this.last === undefined || runtime.state.kind !== 'up') return;
    this.informed.add(runtime);
    const text = `sent the last UpdateRuntimeConfig to ${runtimeName(runtime.id)}, which has just come up`;
    this.send(runtime, { metadata: [] }).then(
      isAnswered => isAnswered && this.log.info(Level.Detail, text),
      fault => this.complain(runtime, fault),
    );
  }

  /**
   * Takes as long as the runtime does. False if a later call to the runtime has taken the place of this one, or the runtime has left.
   * Rejects as any call.
   */
  private async send(runtime: Runtime, options: Pick<CallOptions, 'metadata' | 'watched'>): Promise<boolean> {
    const { plan, request } = this.last!;
    this.underWay.get(runtime)?.abort();
    const call = new AbortController();
    this.underWay.set(runtime, call);
    try {
      const { metadata, watched } = options;
      await plan.call(runtime, request, { metadata, watched, deadline: undefined, signal: call.signal });
      return true;
    } catch (fault) {
      if (!call.signal.aborted) throw fault;
      return false;
    } finally {
      if (this.underWay.get(runtime) === call) this.underWay.delete(runtime);
    }
  }

  private complain(runtime: Runtime, fault: unknown, call?: WatchedCall): void {
    const about = { call, method: 'UpdateRuntimeConfig', runtime: runtime.id };
    this.log.warn(`UpdateRuntimeConfig to ${runtimeName(runtime.id)}: ${ProxyError.from(fault).message}`, about);
  }
}
