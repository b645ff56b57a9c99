import { percent } from '../../base/figure-text.ts';
import { globMatcher } from '../../base/glob.ts';
import type { PodFacts } from '../../cri/read/pod-facts.ts';
import type { PlacementRule } from '../port/placement-rule.ts';
import { shareOf } from './share.ts';

/** The condition of a rule that a pod does not meet, as `namespace "web" is not one of ci-*`; undefined for a pod that fits. */
export function misfit(rule: PlacementRule, pod: PodFacts): string | undefined {
  const { namespaces, labels = {}, annotations = {}, share } = rule;
  if (namespaces !== undefined && !namespaces.some(glob => globMatcher(glob)(pod.namespace))) {
    return `namespace "${pod.namespace}" is not one of ${namespaces.join(', ')}`;
  }
  const differing = differs('label', labels, pod.labels) ?? differs('annotation', annotations, pod.annotations);
  if (differing !== undefined || share === undefined || share >= 1) return differing;
  if (pod.uid === '') return 'a share is chosen by the uid of the pod, which is not known';
  return shareOf(pod.uid, rule.runtime) < share ? undefined : `the pod is outside of the share of ${percent(share)}`;
}

function differs(
  what: string,
  wanted: Readonly<Record<string, string>>,
  found: ReadonlyMap<string, string>,
): string | undefined {
  for (const [key, value] of Object.entries(wanted)) {
    const has = found.get(key);
    if (has === undefined) return `${what} ${key} is missing`;
    if (has !== value) return `${what} ${key} is "${has}", not "${value}"`;
  }
  return undefined;
}

/** A rule in words, as `namespaces ci-*, labels tier=batch, share 10%`; `every pod` for a rule without conditions. */
export function describeRule({ namespaces, labels, annotations, share }: PlacementRule): string {
  const pairs = (of: Readonly<Record<string, string>>) => Object.entries(of).map(([key, value]) => `${key}=${value}`);
  const parts = [
    ...(namespaces === undefined ? [] : [`namespaces ${namespaces.join(' ')}`]),
    ...(labels === undefined ? [] : [`labels ${pairs(labels).join(' ')}`]),
    ...(annotations === undefined ? [] : [`annotations ${pairs(annotations).join(' ')}`]),
    ...(share === undefined ? [] : [`share ${percent(share)}`]),
  ];
  return parts.length === 0 ? 'every pod' : parts.join(', ');
}
