import { memoryLoad } from './node/loads.ts';
import { makePlan } from './node/node-plan.ts';
import { NodeRig } from './node/node-rig.ts';
import type { NativePeers } from './peers/native-peers.ts';
import { median } from './stats.ts';
import { proportionalMemory, residentMemory } from './usage.ts';

/** `90s` or `10m` in ms. */
export function parseDuration(text: string): number {
  const [, digits, unit] = /^(\d+)(s|m)$/.exec(text) ?? [];
  if (digits === undefined) throw new Error(`--soak ${text}: give it as 90s or 10m`);
  return Number(digits) * (unit === 'm' ? 60_000 : 1000);
}

/** A plan's length, after which memory is looked at, in ms. */
const PERIOD = 10_000;

/**
 * Plays a node's load to a proxy for so many ms, and tells of its resident memory. Growth is measured between the medians of the second
 * and the last quarter: the first is for V8 to settle.
 */
export async function soak(
  native: NativePeers | undefined,
  duration: number,
  print: (line: string) => void,
): Promise<Record<string, number>> {
  const { population, rows } = memoryLoad;
  const rig = new NodeRig({ native, population });
  try {
    await rig.start(['proxy']);
    const [proxy] = rig.targets;
    const plan = rig.writePlan('soak', makePlan(rows, population, PERIOD));
    const start = performance.now();
    const samples: number[] = [];
    let calls = 0;
    while (performance.now() - start < duration) {
      const { times } = await rig.play(plan, proxy!);
      calls += Object.values(times).reduce((count, each) => count + each.length, 0);
      const memory = residentMemory(proxy!.pid!);
      samples.push(memory);
      const seconds = ((performance.now() - start) / 1000).toFixed(0);
      const proportional = proportionalMemory(proxy!.pid!).toFixed(1);
      print(
        `${seconds.padStart(5)} s ${String(calls).padStart(9)} calls, RSS ${memory.toFixed(1)}, PSS ${proportional} MiB`,
      );
    }
    const quarter = (index: number) => {
      const length = samples.length / 4;
      return median(samples.slice(Math.floor(index * length), Math.ceil((index + 1) * length)));
    };
    return {
      'soak: largest resident memory, MiB': Math.max(...samples),
      'soak: growth of the resident memory, MiB': quarter(3) - quarter(1),
    };
  } finally {
    await rig.stop();
  }
}
