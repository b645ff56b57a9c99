import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { inVirtualTime } from '../../support/virtual-time.ts';
import { World } from './world.ts';

/** The end of a run. */
export interface Run {
  /** The fault, and its step; undefined: none. */
  readonly fault: Error | undefined;
  readonly at: number;
  readonly trace: readonly string[];
  /** The number of times that each thing was done. */
  readonly counts: ReadonlyMap<string, number>;
}

/** The number of runs that a search for a shorter one may take. */
const TRIES = 120;

const memory = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

/** Takes these steps, up to the first that shows a fault. */
export function run(seed: number, steps: readonly number[]): Promise<Run> {
  return inVirtualTime(async () => {
    const world = await World.open(memory);
    try {
      for (const at of steps) {
        try {
          await world.step(seed, at);
        } catch (error) {
          return { fault: error as Error, at, trace: world.trace, counts: world.counts };
        }
      }
      return { fault: undefined, at: steps.length, trace: world.trace, counts: world.counts };
    } finally {
      await world.close();
    }
  });
}

/** A run with as few steps as can be found that ends with a fault of the same kind. */
export async function shorten(seed: number, found: Run, from: readonly number[]): Promise<Run> {
  let best = found;
  let steps = from.filter(step => step <= found.at);
  let tries = TRIES;
  for (let size = Math.ceil(steps.length / 2); size >= 1 && tries > 0; size = Math.floor(size / 2)) {
    // The search begins at the end: the last steps have most to do with the fault.
    for (let end = steps.length - 1; end > 0 && tries > 0; end -= size, tries--) {
      const fewer = steps.filter((_, index) => index < end - size || index >= end);
      const again = await run(seed, fewer);
      if (again.fault === undefined || kindOf(again.fault) !== kindOf(found.fault!)) continue;
      best = again;
      steps = fewer.filter(step => step <= again.at);
    }
  }
  return best;
}

/** The kind of a fault: its message without the parts that vary. */
function kindOf({ message }: Error): string {
  return message.replace(/[a-z]*__|[0-9a-f]{8,}|[\d.]+|\[.*/g, '').slice(0, 30);
}
