import { setTimeout as sleep } from 'node:timers/promises';
import type { NativePeers } from '../peers/native-peers.ts';
import type { Plan } from '../peers/plan.ts';
import { loads, memoryLoad, type NodeLoad } from './loads.ts';
import { measureMemory } from './memory.ts';
import { makePlan } from './node-plan.ts';
import { NodeRig, type Target } from './node-rig.ts';
import { tableOf } from './node-table.ts';
import { figuresOf, ratioOf, type Slice, type SlicesByTarget, slice } from './slice.ts';

export interface NodeBenchOptions {
  readonly native: NativePeers | undefined;
  /** How long a plan is played to a target before the next one's turn, in ms, and how often each has its turn. */
  readonly period: number;
  readonly rounds: number;
  /** Only the loads whose name contains it. */
  readonly only: string;
  /** Flags of the proxy. */
  readonly flags: readonly string[];
  print(line: string): void;
}

/** Plays the loads of a node and prints their tables. Resolves with the figures that bars.json speaks of, by their names there. */
export async function benchNode(options: NodeBenchOptions): Promise<Record<string, number>> {
  const figures: Record<string, number> = {};
  for (const load of loads.filter(({ name }) => name.includes(options.only))) {
    const { native, flags } = options;
    const proxies = [{ name: 'proxy', flags }];
    const rig = new NodeRig({ native, population: load.population, proxies, others: true });
    try {
      await rig.start();
      const measured = await playLoad(rig, load, options);
      for (const line of tableOf(load, measured)) options.print(line);
      Object.assign(figures, ratiosOf(load, measured));
      if (load === memoryLoad) Object.assign(figures, await measureMemory(rig, load, options));
    } finally {
      await rig.stop();
    }
  }
  return figures;
}

/**
 * Slices of each target in turn, so that a disturbance of the machine disturbs all of them. Without a load, all targets are measured
 * at the same time: none disturbs the others.
 */
export async function playLoad(
  rig: NodeRig,
  { population, rows }: NodeLoad,
  { period, rounds }: Pick<NodeBenchOptions, 'period' | 'rounds'>,
): Promise<SlicesByTarget> {
  const plan = makePlan(rows, population, period);
  const file = rig.writePlan('load', plan);
  const all = new Map<string, Slice[]>(rig.targets.map(({ name }) => [name, []]));
  const play = async (target: Target) => {
    all.get(target.name)!.push(await slice(rig, target, () => rig.play(file, target)));
  };
  if (plan.entries.length > 0) await warmUp(rig, file, plan);
  else await settle(rig, file);
  for (let round = 0; round < rounds; round++) {
    if (plan.entries.length === 0) await Promise.all(rig.targets.map(play));
    else for (const target of rig.targets) await play(target);
  }
  return all;
}

/** Connects to each target, and waits until the work after a start is done. */
async function settle(rig: NodeRig, file: string): Promise<void> {
  for (const target of rig.targets) await rig.play(file, target, 10);
  await sleep(SETTLED);
}

/** The time after which a daemon has done all that it does once after its start, the first look at its heap among it, in ms. */
const SETTLED = 25_000;

/** The calls after which a daemon has its code compiled, as one that has run for an hour has. */
const WARM = 3000;

/** The calls a second to each target: no node has so many that the daemon takes it for a busy one (src/daemon/last-compiler.ts). */
const RATE = 250;

/** Plays the plan to these targets at once, faster than its times, until they are warm. */
export async function warmUp(rig: NodeRig, file: string, plan: Plan, targets = rig.targets): Promise<void> {
  const rate = (plan.entries.length / plan.period) * 1000;
  const speed = Math.max(1, Math.min(10, RATE / rate));
  for (let calls = 0; calls < WARM; calls += plan.entries.length)
    await Promise.all(targets.map(target => rig.play(file, target, speed)));
}

function ratiosOf({ name, rows }: NodeLoad, all: SlicesByTarget): Record<string, number> {
  const figures: Record<string, number> = {};
  const proxy = all.get('proxy')!;
  const { cpu, wakeUps, resident, proportional, client, runtimes } = figuresOf(proxy);
  figures[`${name}: CPU, % of a core`] = cpu;
  figures[`${name}: wake-ups a second`] = wakeUps;
  figures[`${name}: resident memory, MiB`] = resident!;
  figures[`${name}: proportional memory, MiB`] = proportional!;
  // A share of next to nothing has no meaning.
  if (rows.length === 0) return figures;
  figures[`${name}: CPU, proxy to client and runtimes`] = cpu / (client + runtimes);
  for (const other of ['pipe', 'go relay'] as const) {
    const slices = all.get(other);
    if (slices !== undefined) figures[`${name}: CPU, proxy to ${other}`] = ratioOf(proxy, slices);
  }
  return figures;
}
