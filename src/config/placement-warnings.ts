import { runtimeName } from '../base/runtime-name.ts';
import { rulesWithoutPods } from '../routing/placement/never-fit.ts';
import type { PlacementRule } from '../routing/port/placement-rule.ts';
import type { ProxyConfig } from './proxy-config.ts';

/** Rules that are right by themselves and never choose a runtime, a line each. */
export function placementWarnings({ placement, runtimes }: Pick<ProxyConfig, 'placement' | 'runtimes'>): string[] {
  const retiring = new Set(runtimes.filter(each => each.retiring).map(({ id }) => id));
  return [
    ...rulesWithoutPods(placement, retiring).map(
      ({ rule, taker }) => `placement[${rule}] can never fit: placement[${taker}] takes all its pods`,
    ),
    ...placement.flatMap(({ runtime }, at) =>
      retiring.has(runtime) ? [`placement[${at}] is passed over: ${runtimeName(runtime)} is retiring`] : [],
    ),
    ...(retiring.has('') && !placement.some(rule => takesEveryPod(rule) && !retiring.has(rule.runtime))
      ? ['the primary runtime is retiring: pods that no rule fits are refused; add a rule without conditions']
      : []),
  ];
}

function takesEveryPod({ namespaces, labels, annotations, share }: PlacementRule): boolean {
  return [namespaces, labels, annotations].every(each => each === undefined) && (share ?? 1) >= 1;
}
