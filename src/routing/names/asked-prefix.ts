import { imagePrefix, runtimeInImage } from '../port/names.ts';
import type { Runtime } from '../port/runtime.ts';
import type { Runtimes } from '../port/runtimes.ts';
import type { PrefixUse } from '../state/prefix-use.ts';

/**
 * The prefix that assigns a client's name of an image to this runtime: the prefix of its id, or a prefix that its containers were made
 * with when it had another id. Their pods use that name as long as they live. Empty if the name has neither.
 */
export function askedPrefix(name: string, runtime: Runtime, runtimes: Runtimes, prefixUse: PrefixUse): string {
  const prefix = imagePrefix(runtimeInImage(name));
  if (prefix === '') return '';
  return runtimes.ownerOfImage(name) === runtime || prefixUse.hasPrefix(prefix) ? prefix : '';
}
