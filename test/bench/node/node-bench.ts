import type { NativePeers } from '../peers/native-peers.ts';
import { median } from '../stats.ts';
import { loads, memoryLoad, type NodeLoad } from './loads.ts';
import { measureMemory } from './memory.ts';
import { makePlan } from './node-plan.ts';
import { NodeRig, type TargetKind, targetKinds } from './node-rig.ts';
import { tableOf } from './node-table.ts';
import { figuresOf, type Slice, type SlicesByTarget, slice } from './slice.ts';

export interface NodeBenchOptions {
  readonly native: NativePeers | undefined;
  /** How long a plan is played to a target before the next one's turn, in ms, and how often each has its turn. */
  readonly period: number;
  readonly rounds: number;
  /** Just the loads whose name has it. */
  readonly only: string;
  /** Flags of the proxy. */
  readonly flags: readonly string[];
  print(line: string): void;
}

/** Plays the loads of a node and prints their tables. Resolves with the figures that bars.json speaks of, by their names there. */
export async function benchNode(options: NodeBenchOptions): Promise<Record<string, number>> {
  const figures: Record<string, number> = {};
  for (const load of loads.filter(({ name }) => name.includes(options.only))) {
    const rig = new NodeRig({ native: options.native, population: load.population, flags: options.flags });
    try {
      await rig.start(targetKinds);
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

/** Slices of each target in turn, so that what disturbs the machine disturbs all of them. */
export async function playLoad(
  rig: NodeRig,
  { population, rows }: NodeLoad,
  { period, rounds }: Pick<NodeBenchOptions, 'period' | 'rounds'>,
): Promise<SlicesByTarget> {
  const plan = rig.writePlan('load', makePlan(rows, population, period));
  await warmUp(rig, plan, rows.length === 0 ? 1 : speedFor(population.whole.pods));
  const all = new Map<TargetKind, Slice[]>(rig.targets.map(({ kind }) => [kind, []]));
  for (let round = 0; round < rounds; round++) {
    for (const target of rig.targets) {
      const play = async () => (await rig.play(plan, target)).times;
      all.get(target.kind)!.push(await slice(rig, target, play));
    }
  }
  return all;
}

/** A daemon that has run for an hour has its code compiled: the plan is played a few times, to all targets at once. */
async function warmUp(rig: NodeRig, plan: string, speed: number): Promise<void> {
  for (let played = 0; played < speed / 2; played++)
    await Promise.all(rig.targets.map(target => rig.play(plan, target, speed)));
}

/** How much faster a node's load can be played to all targets without being more than they can take. */
function speedFor(pods: number): number {
  return Math.max(1, Math.min(10, 1000 / pods));
}

function ratiosOf({ name }: NodeLoad, all: SlicesByTarget): Record<string, number> {
  const figures: Record<string, number> = {};
  const proxy = all.get('proxy')!;
  const { cpu, wakeUps, resident, proportional, client, runtimes } = figuresOf(proxy);
  figures[`${name}: CPU, % of a core`] = cpu;
  figures[`${name}: wake-ups a second`] = wakeUps;
  figures[`${name}: resident memory, MiB`] = resident!;
  figures[`${name}: proportional memory, MiB`] = proportional!;
  figures[`${name}: CPU, proxy to client and runtimes`] = cpu / (client + runtimes);
  for (const other of ['pipe', 'go relay'] as const) {
    const slices = all.get(other);
    if (slices === undefined) continue;
    const pairs = proxy.map((each, round) => figuresOf([each]).cpu / figuresOf([slices[round]!]).cpu);
    figures[`${name}: CPU, proxy to ${other}`] = median(pairs);
  }
  return figures;
}
