/** Below this many bytes a loop is quicker than a call of the runtime, which makes a view for each. */
const SMALL = 64;

/** Copies `source[start, end)` to `at`; gives the offset behind it. */
export function copyBytes(source: Buffer, start: number, end: number, out: Buffer, at: number): number {
  if (end - start > SMALL) return at + source.copy(out, at, start, end);
  let to = at;
  for (let from = start; from < end; from++) out[to++] = source[from]!;
  return to;
}
