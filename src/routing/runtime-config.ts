import type { CallOptions } from '../base/call.ts';
import { ProxyError } from '../base/error.ts';
import type { Logger } from '../base/logger.ts';
import type { Plan } from './plan.ts';
import type { Runtime } from './runtime.ts';
import { type Runtimes, runtimeName } from './runtimes.ts';

/** How long a runtime that has just come up may take for it, in ms. */
const REPLAY_TIMEOUT = 10_000;

/**
 * Remembers the last UpdateRuntimeConfig and replays it to every runtime that comes up later: the kubelet sends it once per
 * change of the pod CIDR (kubelet_network.go), whoever listens then.
 */
export class RuntimeConfigReplay {
  private last: { plan: Plan; request: Buffer } | undefined;
  private readonly log: Logger;

  constructor(runtimes: Runtimes, log: Logger) {
    this.log = log;
    for (const runtime of runtimes.all) {
      runtime.onChange(state => {
        if (state.kind === 'up') this.replay(runtime);
      });
    }
  }

  remember(plan: Plan, request: Buffer): void {
    this.last = { plan, request };
  }

  private replay(runtime: Runtime): void {
    if (this.last === undefined) return;
    const options: CallOptions = {
      metadata: [],
      deadline: performance.now() + REPLAY_TIMEOUT,
      signal: AbortSignal.timeout(REPLAY_TIMEOUT),
    };
    this.last.plan.call(runtime, this.last.request, options).then(
      () =>
        this.log.info(1, `sent the last UpdateRuntimeConfig to the ${runtimeName(runtime)}, which has just come up`),
      fault => this.log.warn(`UpdateRuntimeConfig to the ${runtimeName(runtime)}: ${ProxyError.from(fault).message}`),
    );
  }
}
