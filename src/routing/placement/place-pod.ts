import { Code } from '../../base/codes.ts';
import { ProxyError } from '../../base/error.ts';
import { runtimeName } from '../../base/runtime-name.ts';
import type { PodFacts } from '../../cri/read/pod-facts.ts';
import type { PlacementRule } from '../port/placement-rule.ts';
import type { RoutingSettings } from '../port/routing-settings.ts';
import type { Runtime } from '../port/runtime.ts';
import { type Runtimes, TARGET_RUNTIME } from '../port/runtimes.ts';
import type { NodeState } from '../state/node-state.ts';
import { type KnownSandbox, namedRuntime, sandboxOfPod } from '../state/pod-owner.ts';
import { isRetiring } from '../state/retirement.ts';
import { misfit } from './fit.ts';
import { isExcepted } from './retiring.ts';

/** The reason for the runtime of a pod. `sandbox` and `uid`: the pod is on it already. */
export type PlacedBy = 'sandbox' | 'uid' | 'handler' | 'annotation' | 'rule' | 'share' | 'default';

/** The runtime of a pod, and the way to it. */
export interface Placement {
  readonly runtime: Runtime;
  readonly by: PlacedBy;
  /** The number of the rule, from 1; undefined if no rule has chosen. */
  readonly rule: number | undefined;
  /** A sandbox of the pod, if that has chosen. */
  readonly sandbox?: KnownSandbox;
}

/** The facts that a decision is made from. */
export interface PlacementBase {
  readonly runtimes: Runtimes;
  readonly settings: RoutingSettings;
  readonly node: NodeState;
}

/**
 * Decides on the runtime of a pod: the runtime that it is on already, else the one that it names, else the first rule that fits, else
 * the primary. A rule for a retiring runtime is passed over. Throws InvalidArgument as namedRuntime does, and FailedPrecondition for a
 * new pod that only a retiring runtime could take.
 */
export function placePod(base: PlacementBase, pod: PodFacts): Placement {
  const { runtimes, node } = base;
  const sandbox = sandboxOfPod(node, runtimes, { uid: pod.uid, firstSeen: '' });
  if (sandbox !== undefined) return { runtime: sandbox.runtime, by: 'sandbox', rule: undefined, sandbox };
  const target = pod.annotations.get(TARGET_RUNTIME);
  const named = namedRuntime(runtimes, pod.handler, target);
  if (named !== undefined || pod.handler !== '') return placeNamed(base, pod, named);
  const placed = placedRuntime(base, pod.uid);
  return placed === undefined ? placeByRules(base, pod) : { runtime: placed, by: 'uid', rule: undefined };
}

/** The runtime that a pod with this uid was placed on; undefined if it is not known, or not configured any more. */
export function placedRuntime(
  { runtimes, node }: Pick<PlacementBase, 'runtimes' | 'node'>,
  uid: string,
): Runtime | undefined {
  return uid === '' ? undefined : runtimes.all.find(runtime => node.of(runtime).placements.has(uid));
}

/** A handler outside the table is one of the primary, unless the annotation names another runtime. */
function placeNamed(base: PlacementBase, pod: PodFacts, named: Runtime | undefined): Placement {
  const { runtimes } = base;
  const runtime = named ?? runtimes.primary;
  const by = named === undefined || runtimes.handlers.route(pod.handler)?.runtime === named ? 'handler' : 'annotation';
  if (isClosed(base, runtime, pod)) throw retired(runtime, `${describeName(by, pod)} asks for it`);
  return { runtime, by, rule: undefined };
}

/** The part of a pod that names its runtime, in words. */
export function describeName(by: 'handler' | 'annotation', { handler }: PodFacts): string {
  return by === 'handler' ? `the runtime handler "${handler}"` : `the annotation ${TARGET_RUNTIME}`;
}

function placeByRules(base: PlacementBase, pod: PodFacts): Placement {
  const { runtimes, settings } = base;
  for (const [at, rule] of (settings.placement ?? []).entries()) {
    const runtime = misfit(rule, pod) === undefined ? openRuntime(base, rule, pod) : undefined;
    if (runtime !== undefined) return { runtime, by: rule.share === undefined ? 'rule' : 'share', rule: at + 1 };
  }
  const { primary } = runtimes;
  if (isClosed(base, primary, pod)) throw retired(primary, 'no rule chooses another runtime');
  return { runtime: primary, by: 'default', rule: undefined };
}

/** The runtime of a rule; undefined if it is retiring, and not for this pod. */
export function openRuntime(base: PlacementBase, rule: PlacementRule, pod: PodFacts): Runtime | undefined {
  const runtime = base.runtimes.all.find(({ id }) => id === rule.runtime);
  return runtime !== undefined && !isClosed(base, runtime, pod) ? runtime : undefined;
}

function isClosed({ settings, node }: PlacementBase, runtime: Runtime, pod: PodFacts): boolean {
  const configured = settings.runtimes?.get(runtime.id);
  if (!isRetiring(configured, node.of(runtime))) return false;
  return !isExcepted(configured?.retiringExcept ?? [], pod);
}

function retired(runtime: Runtime, why: string): ProxyError {
  return new ProxyError(
    Code.FailedPrecondition,
    `criproxy: ${runtimeName(runtime.id)} is retiring and takes no new pods, but ${why}: ` +
      'let the pod name another runtime, or end the retirement (retiring in the configuration, criproxy retire --undo)',
  );
}
