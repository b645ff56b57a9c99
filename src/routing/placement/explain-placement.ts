import { ProxyError } from '../../base/error.ts';
import { runtimeName } from '../../base/runtime-name.ts';
import type { PodFacts } from '../../cri/read/pod-facts.ts';
import type { PlacementRule } from '../port/placement-rule.ts';
import type { Runtime } from '../port/runtime.ts';
import { TARGET_RUNTIME } from '../port/runtimes.ts';
import { describeRule, misfit } from './fit.ts';
import { describeName, openRuntime, type Placement, type PlacementBase, placePod } from './place-pod.ts';

/** The decision on a pod. `runtime`: undefined if the pod would be refused. `steps`: a line for each rule and each other step. */
export interface ExplainedPlacement {
  readonly runtime: Runtime | undefined;
  readonly steps: readonly string[];
}

/** Decides as placePod does, in words; a refusal has the text of its error as the last step. */
export function explainPlacement(base: PlacementBase, pod: PodFacts): ExplainedPlacement {
  try {
    const placement = placePod(base, pod);
    return { runtime: placement.runtime, steps: describeSteps(base, pod, placement) };
  } catch (fault) {
    const namesNone = pod.handler === '' && (pod.annotations.get(TARGET_RUNTIME) ?? '') === '';
    return {
      runtime: undefined,
      steps: [...(namesNone ? describeRules(base, pod) : []), ProxyError.from(fault).message],
    };
  }
}

function describeSteps(base: PlacementBase, pod: PodFacts, { runtime, by, rule }: Placement): string[] {
  const name = runtimeName(runtime.id);
  switch (by) {
    case 'sandbox':
      return [`${name} has a sandbox of the pod, which stays there`];
    case 'uid':
      return [`${name} was chosen for the pod before, and stays its runtime`];
    case 'handler':
    case 'annotation':
      return [`${describeName(by, pod)} names ${name}; the rules are for pods that name no runtime`];
    case 'rule':
    case 'share':
      return describeRules(base, pod).slice(0, rule);
    case 'default':
      return [...describeRules(base, pod), 'no rule fits: the primary runtime'];
  }
}

/** Each rule with its outcome. */
function describeRules(base: PlacementBase, pod: PodFacts): string[] {
  const outcome = (rule: PlacementRule) =>
    misfit(rule, pod) ??
    (openRuntime(base, rule, pod) === undefined ? `fits, but ${runtimeName(rule.runtime)} is retiring` : 'fits');
  return (base.settings.placement ?? []).map(
    (rule, at) => `rule ${at + 1} (${describeRule(rule)}, to ${runtimeName(rule.runtime)}): ${outcome(rule)}`,
  );
}
