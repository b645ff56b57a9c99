import { globMatcher } from '../../base/glob.ts';
import { methodSets } from '../../cri/tables/method-sets.ts';
import { methods } from '../../cri/tables/methods.ts';

/** The named sets. */
export const setNames: readonly string[] = [...Object.keys(methodSets), 'all'];

/** The methods of CRI that these names of sets and globs of methods allow, by name. */
export function allowedMethods(allow: readonly string[]): ReadonlySet<string> {
  return new Set(allow.flatMap(methodsOf));
}

function methodsOf(entry: string): readonly string[] {
  if (entry === 'all') return Object.keys(methods);
  if (isSet(entry)) return methodSets[entry];
  return Object.keys(methods).filter(globMatcher(entry));
}

function isSet(entry: string): entry is keyof typeof methodSets {
  return Object.hasOwn(methodSets, entry);
}
