import { globMatcher } from '../../base/glob.ts';
import type { Runtime } from './runtime.ts';

/** A row of `-pin`: images whose id, tag or digest, in the runtime's own names, the glob matches. */
export interface PinRow {
  /** The id of the runtime, empty for the primary; undefined: of all. */
  readonly runtime: string | undefined;
  /** `*` stands for any characters, `?` for one. */
  readonly glob: string;
}

/** Whether an image with this name is pinned; undefined if no row is for this runtime. */
export function pinsOf(runtime: Runtime, rows: readonly PinRow[]): ((name: string) => boolean) | undefined {
  const globs = rows
    .filter(row => row.runtime === undefined || row.runtime === runtime.id)
    .map(row => globMatcher(row.glob));
  if (globs.length === 0) return undefined;
  return name => globs.some(matches => matches(name));
}
