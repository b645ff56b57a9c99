import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { askApi } from '../../src/admin/admin-client.ts';
import type { Leftovers } from './node/leftovers.ts';
import { memoryLoad } from './node/loads.ts';
import { warmUp } from './node/node-bench.ts';
import { makePlan } from './node/node-plan.ts';
import { adminSocketOf, NodeRig, type Target } from './node/node-rig.ts';
import type { NativePeers } from './peers/native-peers.ts';
import { median } from './stats.ts';
import { proportionalMemory, residentMemory } from './usage.ts';

/** `90s` or `10m` in ms. */
export function parseDuration(text: string): number {
  const [, digits, unit] = /^(\d+)(s|m)$/.exec(text) ?? [];
  if (digits === undefined) throw new Error(`--soak ${text}: give it as 90s or 10m`);
  return Number(digits) * (unit === 'm' ? 60_000 : 1000);
}

/** The length of a plan, in ms; memory is measured after each. */
const PERIOD = 10_000;

/** The pause after the last call, in ms: data that calls leave for a moment are gone, and no periodic work of a daemon adds to them. */
const QUIET = 5000;

export interface SoakOptions {
  readonly native: NativePeers | undefined;
  /** In ms. */
  readonly duration: number;
  print(line: string): void;
}

/**
 * Plays a node's load to a proxy for so long. Reports its memory, whose growth is measured between the medians of the second and the last
 * quarter, since V8 settles in the first. Reports too the leftovers at the end that a proxy after some twenty seconds of the load has not:
 * descriptors, calls, streams, timers, entries of maps and sets, and objects.
 */
export async function soak({ native, duration, print }: SoakOptions): Promise<Record<string, number>> {
  const { population, rows } = memoryLoad;
  const preload = join(import.meta.dirname, 'node/leftovers.ts');
  const proxies = ['long', 'fresh'].map(name => ({ name, preload }));
  const rig = new NodeRig({ native, population, proxies, others: false });
  try {
    await rig.start();
    const [long, fresh] = rig.targets as [Target, Target];
    const plan = makePlan(rows, population, PERIOD);
    const file = rig.writePlan('soak', plan);
    await warmUp(rig, file, plan, [long]);
    const samples = await playFor(rig, file, long, duration, print);
    await rig.play(file, fresh);
    await Promise.all([long, fresh].map(target => rig.play(file, target)));
    await sleep(QUIET);
    const left = await countLeft(long);
    const usual = await countLeft(fresh);
    const more = Object.entries(left).map(([what, count]) => [`soak: ${what} left over`, count - usual[what]!]);
    print(`left ${JSON.stringify(left)}, a fresh proxy has ${JSON.stringify(usual)}`);
    return { ...memoryFigures(samples), ...Object.fromEntries(more) };
  } finally {
    await rig.stop();
  }
}

/** Resident memory after each period, in MiB. */
async function playFor(rig: NodeRig, plan: string, target: Target, duration: number, print: (line: string) => void) {
  const samples: number[] = [];
  const pid = target.child!.pid!;
  const start = performance.now();
  for (let calls = 0; performance.now() - start < duration; ) {
    const { times } = await rig.play(plan, target);
    calls += Object.values(times).reduce((count, each) => count + each.length, 0);
    const memory = residentMemory(pid);
    samples.push(memory);
    const seconds = ((performance.now() - start) / 1000).toFixed(0).padStart(5);
    const proportional = proportionalMemory(pid).toFixed(1);
    print(`${seconds} s ${String(calls).padStart(9)} calls, RSS ${memory.toFixed(1)}, PSS ${proportional} MiB`);
  }
  return samples;
}

function memoryFigures(samples: readonly number[]): Record<string, number> {
  const length = samples.length / 4;
  const quarter = (index: number) => median(samples.slice(Math.floor(index * length), Math.ceil((index + 1) * length)));
  return {
    'soak: largest resident memory, MiB': Math.max(...samples),
    'soak: growth of the resident memory, MiB': quarter(3) - quarter(1),
  };
}

async function countLeft(target: Target): Promise<Record<string, number>> {
  const child = target.child!;
  const descriptors = readdirSync(`/proc/${child.pid}/fd`).length;
  const { daemon } = await askApi(adminSocketOf(target), 'GET /v1/status');
  child.send('count');
  const [left] = (await once(child, 'message')) as [Leftovers];
  return { descriptors, calls: daemon.calls!.open, streams: daemon.calls!.openStreams, ...left };
}
