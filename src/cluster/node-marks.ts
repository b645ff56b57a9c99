import { runtimeLabel } from '../base/runtime-name.ts';

/** The key of a node's label, and the type of its condition, for a runtime. `id`: empty for the primary. */
export function markOf(id: string): string {
  return `runtime.criproxy/${runtimeLabel(id)}`;
}

/** The label's value, where the runtime is up; elsewhere there is no label. */
export const UP = 'up';

/** The condition's type that says whether this node is as the cluster wants it. */
export const INSTALLED = 'criproxy/Installed';

/** Whether a key with this prefix is of this program. */
export function isMark(key: string): boolean {
  return key.startsWith('runtime.criproxy/') || key === INSTALLED;
}
