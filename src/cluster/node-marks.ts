/** What a node says in the cluster of a runtime: the label's key and the condition's type. `id`: empty for the primary. */
export function markOf(id: string): string {
  return `runtime.criproxy/${id === '' ? 'primary' : id}`;
}

/** The label's value, where the runtime is up; elsewhere there is no label. */
export const UP = 'up';

/** The condition's type that says whether this node is as the cluster wants it. */
export const INSTALLED = 'criproxy/Installed';

/** Whether a key with this prefix is of this program. */
export function isMark(key: string): boolean {
  return key.startsWith('runtime.criproxy/') || key === INSTALLED;
}
