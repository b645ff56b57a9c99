import { globMatcher } from '../../base/glob.ts';
import type { PlacementRule } from '../port/placement-rule.ts';

/**
 * For each rule that can never fit, its index and that of the earlier rule that takes all its pods. A rule for a runtime of `retiring`,
 * by its id, takes none.
 */
export function rulesWithoutPods(
  rules: readonly PlacementRule[],
  retiring: ReadonlySet<string>,
): Array<{ readonly rule: number; readonly taker: number }> {
  return rules.flatMap((rule, at) => {
    const taker = rules.slice(0, at).findIndex(earlier => !retiring.has(earlier.runtime) && takesAll(earlier, rule));
    return taker < 0 ? [] : [{ rule: at, taker }];
  });
}

/** Whether each pod that fits `later` fits `earlier` too, as far as the conditions themselves tell. */
function takesAll(earlier: PlacementRule, later: PlacementRule): boolean {
  return (
    takesShare(earlier, later) &&
    takesNamespaces(earlier.namespaces, later.namespaces) &&
    has(later.labels, earlier.labels) &&
    has(later.annotations, earlier.annotations)
  );
}

function takesShare(earlier: PlacementRule, later: PlacementRule): boolean {
  if (earlier.share === undefined || earlier.share >= 1) return true;
  // Shares of one runtime are by the same hash.
  return later.runtime === earlier.runtime && later.share !== undefined && later.share <= earlier.share;
}

/** A glob takes another one if it matches its text: `*` in the other one is then matched by a `*`. */
function takesNamespaces(earlier: readonly string[] | undefined, later: readonly string[] | undefined): boolean {
  if (earlier === undefined) return true;
  return later?.every(each => earlier.some(glob => globMatcher(glob)(each))) ?? false;
}

function has(
  conditions: Readonly<Record<string, string>> = {},
  wanted: Readonly<Record<string, string>> = {},
): boolean {
  return Object.entries(wanted).every(([key, value]) => conditions[key] === value);
}
