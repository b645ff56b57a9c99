/** A runtime as metrics name it: its id, `primary` for the primary. An id that looks like a word of ours gets a prefix. */
export function runtimeLabel(id: string): string {
  if (id === '') return 'primary';
  return /^(?:runtime-)*(?:primary|several|none)$/.test(id) ? `runtime-${id}` : id;
}

/** Of a call that several runtimes have served together. */
export const SEVERAL = 'several';

/** Of a call that the proxy has answered by itself. */
export const NONE = 'none';
