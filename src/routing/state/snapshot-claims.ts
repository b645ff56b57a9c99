import { type Owner, readOwner } from '../../cri/state/state-message.ts';
import type { Runtime } from '../port/runtime.ts';
import type { Filed } from './snapshot-store.ts';

/** A filed snapshot, and the proof that it belongs to the runtime. */
export interface Claim {
  readonly filed: Filed;
  /** `socket`: the real path of the socket is the same; `path`: the path in the configuration; `id`: the id alone. */
  readonly by: 'socket' | 'path' | 'id';
}

interface Known {
  readonly filed: Filed;
  readonly owner: Owner | undefined;
}

/**
 * The filed snapshot of each runtime: by the real path of the socket, else by the path in the configuration of that day, since a link
 * may not be there yet. A snapshot that no socket claims goes to the runtime with its last id: the socket has moved, or the file is
 * from an earlier version. A wrong guess shows pods of another runtime until the runtime answers. Without a guess the pods would be
 * missing, and the kubelet would take them for dead. `rest`: snapshots without an owner.
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

/** The owner as last written with the state; the mark may be older. */
export function ownerOf({ contents = [], owner }: Filed): Owner | undefined {
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
