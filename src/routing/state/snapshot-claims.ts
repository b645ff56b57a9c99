import type { Runtime } from '../port/runtime.ts';
import { type Owner, readOwner } from './snapshot-file.ts';
import type { Filed } from './snapshot-store.ts';

/** What was filed of a runtime, and how sure it is that it is this one's. */
export interface Claim {
  readonly filed: Filed;
  /** `socket`: it is. `path`: the path in the configuration is the same, `id`: the id alone is. */
  readonly by: 'socket' | 'path' | 'id';
}

interface Known {
  readonly filed: Filed;
  readonly owner: Owner | undefined;
}

/**
 * What was filed of which runtime: by the real path of the socket, else by the path as the configuration had it, since a link may not
 * be there yet. What no socket claims is its by the id that it had last: a runtime whose socket has moved, or a file of an earlier
 * version. A wrong guess shows pods that are another's until the runtime answers; none would show a node without them, and the kubelet
 * would take them for dead. `rest`: of whom nobody knows.
 */
export function claimFiled(
  runtimes: readonly Runtime[],
  filed: readonly Filed[],
): { readonly claims: ReadonlyMap<Runtime, Claim>; readonly rest: readonly Filed[] } {
  const claims = new Map<Runtime, Claim>();
  const free = new Set<Known>(filed.map(each => ({ filed: each, owner: ownerOf(each) })));
  const claim = (by: Claim['by'], isOf: (known: Known, runtime: Runtime) => boolean) => {
    for (const runtime of runtimes) {
      if (claims.has(runtime)) continue;
      const known = [...free].find(each => isOf(each, runtime));
      if (known === undefined) continue;
      free.delete(known);
      claims.set(runtime, { filed: known.filed, by });
    }
  };
  claim('socket', ({ filed: { socket } }, runtime) => socket === runtime.socket);
  claim('path', ({ filed: { socket }, owner }, runtime) => socket !== undefined && owner?.path === runtime.path);
  claim('id', ({ filed: { socket }, owner }, runtime) => socket !== undefined && owner?.id === runtime.id);
  claim('id', ({ owner }, runtime) => owner?.id === runtime.id);
  return { claims, rest: [...free].map(known => known.filed) };
}

/** As it was written last; the mark may be older. */
function ownerOf({ contents = [], owner }: Filed): Owner | undefined {
  for (const content of [...contents].reverse()) {
    const found = readOwnerSafely(content);
    if (found !== undefined) return found;
  }
  return readOwnerSafely(owner);
}

function readOwnerSafely(content: Buffer): Owner | undefined {
  try {
    return readOwner(content);
  } catch {
    return undefined;
  }
}
