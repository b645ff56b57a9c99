/** A runtime in a sentence. The primary's id is empty. */
export function runtimeName(id: string): string {
  return id === '' ? 'the primary runtime' : `runtime ${id}`;
}

/**
 * A runtime in a list, a column, a metric or a line of a trace: its id, `primary` for the primary. An id that looks like a word of
 * ours gets a prefix, so that no two runtimes have the same label.
 */
export function runtimeLabel(id: string): string {
  if (id === '') return 'primary';
  return /^(?:runtime-)*(?:primary|several|none)$/.test(id) ? `runtime-${id}` : id;
}

/** The id that a person means by a label or an id. */
export function idOfLabel(text: string): string {
  if (text === 'primary') return '';
  const id = /^runtime-((?:runtime-)*(?:primary|several|none))$/.exec(text)?.[1];
  return id ?? text;
}

/** The runtime, of these ids, that a person means by its label or its id. */
export function runtimeOfLabel(text: string, ids: readonly string[]): string | undefined {
  return ids.find(id => id === idOfLabel(text)) ?? ids.find(id => id === text);
}

/** The label of a call that several runtimes have served together. */
export const SEVERAL = 'several';

/** The label of a call that the proxy has answered by itself. */
export const NONE = 'none';
