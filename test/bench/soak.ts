import { setTimeout as sleep } from 'node:timers/promises';
import { residentMemory } from './process-figures.ts';
import type { Rig } from './rig.ts';
import { median } from './stats.ts';

/** `90s` or `10m` in ms. */
export function parseDuration(text: string): number {
  const [, digits, unit] = /^(\d+)(s|m)$/.exec(text) ?? [];
  if (digits === undefined) throw new Error(`--soak ${text}: give it as 90s or 10m`);
  return Number(digits) * (unit === 'm' ? 60_000 : 1000);
}

/** What comes in each second, a hundred times what a kubelet asks. */
const load = [
  { method: 'Version', parallel: 8, calls: 1000 },
  { method: 'ContainerStatus', parallel: 8, calls: 1000 },
  { method: 'ListContainers', parallel: 1, calls: 20 },
] as const;

/**
 * Calls a proxy in front of two runtimes, whose lists of 500 containers change from call to call, for so many ms, and tells of its
 * resident memory. Growth is measured between the medians of the second and the last quarter: the first is for V8 to settle.
 */
export async function soak(rig: Rig, duration: number, print: (line: string) => void): Promise<Record<string, number>> {
  const { socket, pid } = await rig.extraProxy('500~');
  const start = performance.now();
  const samples: number[] = [];
  let calls = 0;
  let told = 0;
  while (performance.now() - start < duration) {
    const round = performance.now();
    for (const { method, ...job } of load) {
      const request = method === 'ContainerStatus' ? rig.statusRequest : '';
      await rig.load({ socket, library: 'own', path: `/runtime.v1.RuntimeService/${method}`, request, ...job });
      calls += job.calls;
    }
    const memory = residentMemory(pid);
    samples.push(memory);
    const seconds = (performance.now() - start) / 1000;
    if (seconds >= told) {
      print(
        `${seconds.toFixed(0).padStart(5)} s ${String(calls).padStart(9)} calls ${memory.toFixed(1).padStart(8)} MiB`,
      );
      told += 15;
    }
    await sleep(Math.max(0, 1000 - (performance.now() - round)));
  }
  const quarter = (index: number) => {
    const length = samples.length / 4;
    return median(samples.slice(Math.floor(index * length), Math.ceil((index + 1) * length)));
  };
  return {
    'soak: largest resident memory, MiB': Math.max(...samples),
    'soak: growth of the resident memory, MiB': quarter(3) - quarter(1),
  };
}
