import type { CallOptions } from '../../base/call.ts';
import { ProxyError } from '../../base/error.ts';
import { Level } from '../../base/log-level.ts';
import type { Logger } from '../../base/logger.ts';
import { runtimeName } from '../../base/runtime-name.ts';
import type { MethodPlan } from '../call/method-plan.ts';
import type { Runtime } from '../port/runtime.ts';
import type { NodeState } from '../state/node-state.ts';

/** How long a runtime that has just come up may take for the call, in ms. */
const REPLAY_TIMEOUT = 10_000;

/**
 * Remembers the last UpdateRuntimeConfig and replays it to every runtime that comes up later, including new runtimes: the kubelet
 * sends it once for each change of the pod CIDR (kubelet_network.go).
 */
export class RuntimeConfigReplay {
  private last: { plan: MethodPlan; request: Buffer } | undefined;
  /** The runtimes that have it, or get it when they come up. */
  private informed = new WeakSet<Runtime>();
  private readonly log: Logger;

  constructor(node: NodeState, log: Logger) {
    this.log = log;
    node.onChange(runtime => this.replay(runtime));
    // The call may have been sent while a runtime was joining.
    node.generation.onChange(({ runtimes }) => {
      for (const runtime of runtimes.all) if (!this.informed.has(runtime)) this.replay(runtime);
    });
  }

  remember(plan: MethodPlan, request: Buffer): void {
    this.last = { plan, request };
    this.informed = new WeakSet(plan.runtimes.all);
  }

  private replay(runtime: Runtime): void {
    if (this.last === undefined || runtime.state.kind !== 'up') return;
    this.informed.add(runtime);
    const options: CallOptions = {
      metadata: [],
      deadline: performance.now() + REPLAY_TIMEOUT,
      signal: AbortSignal.timeout(REPLAY_TIMEOUT),
    };
    this.last.plan.call(runtime, this.last.request, options).then(
      () =>
        this.log.info(
          Level.Detail,
          `sent the last UpdateRuntimeConfig to ${runtimeName(runtime.id)}, which has just come up`,
        ),
      fault => this.log.warn(`UpdateRuntimeConfig to ${runtimeName(runtime.id)}: ${ProxyError.from(fault).message}`),
    );
  }
}
