import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { missingPackages } from '../../build/debian-packages.ts';
import { installPackages } from '../../build/prerequisites.ts';
import { bars, misses } from './bars.ts';
import { type Case, cases } from './cases.ts';
import { buildNativePeers, type NativePeers } from './native-peers.ts';
import { cpuTime, residentMemory } from './process-figures.ts';
import { Rig } from './rig.ts';
import { parseDuration, soak } from './soak.ts';
import { type Figures, median, type Sample, summarize } from './stats.ts';

/**
 * Measures the program against the runtime itself, a relay on grpc-js and a pipe, in turn, in one run. `--quick`: a
 * twentieth of the calls. `--check`: exit status 1 if a bar in bars.json is missed. `--json FILE`: all figures.
 * `--only TEXT`: just the cases whose name has it. `--native`: installs, as root, what peers on grpc-go are built with; without
 * it they are there if it is. `--soak 10m`: nothing but calls for so long; exit status 1 if memory grows.
 */
const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    check: { type: 'boolean', default: false },
    json: { type: 'string' },
    only: { type: 'string', default: '' },
    native: { type: 'boolean', default: false },
    soak: { type: 'string' },
  },
});

const kinds = ['direct', 'proxy', 'relay', 'pipe'] as const;
type Kind = (typeof kinds)[number];

/** Of all calls to a target, and of those of each round. */
interface Result {
  readonly whole: Figures;
  readonly rounds: readonly Figures[];
}
type Results = Partial<Record<Kind, Result>>;

/** How the cases with libraries that are not ours are called. */
const foreignPeers = ['grpc-js peers', 'native peers'];

const rounds = values.quick ? 2 : 8;

/** Rounds that do not count: a daemon that has run for a day has its code compiled. */
const warmUps = values.quick ? 1 : 3;
const share = values.quick ? 0.2 : 1;

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Rounds of calls to each target in turn, so that what disturbs the machine disturbs all of them. */
async function measure(rig: Rig, row: Case): Promise<Results> {
  const has = kinds.filter(kind => isMeasured(kind, row));
  const samples = new Map(has.map(kind => [kind, [] as Sample[]]));
  const job = {
    library: row.library,
    path: row.path,
    request: row.request.toString('base64'),
    parallel: row.parallel,
    clients: row.clients,
  };
  const calls = Math.max(row.parallel, Math.round(row.calls * share));
  for (let round = -warmUps; round < rounds; round++) {
    for (const [kind, taken] of samples) {
      const { socket, pid } = rig.target(row, kind);
      const before = pid === undefined ? undefined : cpuTime(pid);
      const { times, elapsed } = await rig.load({ ...job, socket, calls });
      const cpu = before === undefined ? undefined : cpuTime(pid!) - before;
      if (round >= 0) taken.push({ times, elapsed, cpu });
    }
  }
  return Object.fromEntries(
    [...samples].map(([kind, taken]) => [
      kind,
      { whole: summarize(taken), rounds: taken.map(sample => summarize([sample])) },
    ]),
  );
}

/** The relay is there for calls between peers of our own, the pipe for those between native ones. */
function isMeasured(kind: Kind, { library, runtimes, list }: Case): boolean {
  if (kind === 'relay') return library === 'own' && runtimes === 1 && list === '100';
  return kind !== 'pipe' || (library === 'native' && runtimes === 1);
}

async function measureMemory(rig: Rig): Promise<{ idle: number; after: number }> {
  const { socket, pid } = await rig.extraProxy('500');
  const service = '/runtime.v1.RuntimeService';
  const job = { socket, library: 'own' as const, request: '' };
  await rig.load({ ...job, path: `${service}/Version`, parallel: 1, calls: 10 });
  await sleep(3000); // start-up is over, and what it left is collected
  const idle = residentMemory(pid);
  await rig.load({ ...job, path: `${service}/Version`, parallel: 8, calls: 200_000 * share });
  await rig.load({ ...job, path: `${service}/ListContainers`, parallel: 1, calls: 1000 * share });
  await rig.load({ ...job, path: `${service}/Version`, parallel: 1, calls: 100 });
  return { idle, after: residentMemory(pid) };
}

/**
 * The figures that bars.json speaks of, by their names there. A ratio is the median of those of the rounds, whose calls are
 * seconds apart: the machine may be twice as fast in one as in another.
 */
function ratios(
  results: ReadonlyMap<string, Results>,
  memory: { idle: number; after: number },
  start: number,
): Record<string, number> {
  const figures: Record<string, number> = {};
  const labels = { p50: 'p50', callsPerSecond: 'calls/s', cpu: 'CPU' } as const;
  const compare = (name: string, of: keyof typeof labels, kind: Kind, to: Kind) => {
    const one = results.get(name)?.[kind];
    const other = results.get(name)?.[to];
    const pairs = one?.rounds.map((round, index) => round[of]! / other!.rounds[index]![of]!) ?? [];
    if (pairs.length > 0) figures[`${name}: ${labels[of]}, ${kind} to ${to}`] = median(pairs);
  };
  for (const method of ['Version', 'ContainerStatus']) {
    for (const parallel of ['1 at a time', '8 at a time']) compare(`${method}, ${parallel}`, 'cpu', 'proxy', 'relay');
    for (const peers of foreignPeers) {
      const [one, eight] = [`${method}, 1 at a time, ${peers}`, `${method}, 8 at a time, ${peers}`];
      compare(one, 'p50', 'proxy', 'direct');
      compare(eight, 'callsPerSecond', 'proxy', 'direct');
      if (peers !== 'native peers') continue;
      for (const [kind, to] of [
        ['pipe', 'direct'],
        ['proxy', 'pipe'],
      ] as const) {
        compare(one, 'p50', kind, to);
        compare(eight, 'callsPerSecond', kind, to);
      }
    }
  }
  for (const peers of foreignPeers)
    compare(`ListContainers of 100, 2 runtimes, 1 at a time, ${peers}`, 'p50', 'proxy', 'direct');
  figures['resident memory, idle, MiB'] = memory.idle;
  figures['resident memory, after all calls, MiB'] = memory.after;
  figures['from start to the first answer, ms'] = start;
  return figures;
}

function printResult(name: string, results: Results): void {
  for (const kind of kinds) {
    const figures = results[kind]?.whole;
    if (figures === undefined) continue;
    const times = [figures.p50, figures.p90, figures.p99].map(time => time.toFixed(0).padStart(8)).join('');
    const cpu = figures.cpu === undefined ? '' : figures.cpu.toFixed(1);
    print(
      `${name.padEnd(50)} ${kind.padEnd(7)}${times}${figures.callsPerSecond.toFixed(0).padStart(9)}${cpu.padStart(9)}`,
    );
  }
}

function printFigures(figures: Readonly<Record<string, number>>): void {
  for (const [name, figure] of Object.entries(figures)) {
    const { max, min } = bars[name] ?? {};
    const bar = max !== undefined ? `at most ${max}` : min !== undefined ? `at least ${min}` : '';
    print(`${name.padEnd(95)} ${figure.toFixed(2).padStart(8)}  ${bar}`);
  }
}

async function runSoak(rig: Rig, duration: number): Promise<number> {
  const figures = await soak(rig, duration, print);
  printFigures(figures);
  const missed = misses(figures, name => name.startsWith('soak'));
  for (const miss of missed) print(`missed: ${miss}`);
  return missed.length > 0 ? 1 : 0;
}

/** Peers on grpc-go, or undefined and a word why not. */
async function findNativePeers(): Promise<NativePeers | undefined> {
  if (values.soak !== undefined) return undefined;
  if (values.native) await installPackages(['native'], print);
  const missing = missingPackages('native');
  if (missing.length === 0) return buildNativePeers();
  print(`no native peers: Debian packages ${missing.join(' ')} are missing (--native installs them)`);
  return undefined;
}

async function main(): Promise<number> {
  const native = await findNativePeers();
  const rig = new Rig();
  try {
    await rig.start(native);
    if (values.soak !== undefined) return await runSoak(rig, parseDuration(values.soak));
    print(`${'times and CPU per call in us'.padEnd(58)}     p50     p90     p99  calls/s      CPU`);
    const results = new Map<string, Results>();
    const measured = cases.filter(({ library }) => library !== 'native' || native !== undefined);
    for (const row of measured.filter(({ name }) => name.includes(values.only))) {
      const result = await measure(rig, row);
      results.set(row.name, result);
      printResult(row.name, result);
    }
    const memory = await measureMemory(rig);
    const starts: number[] = [];
    for (let round = 0; round < 5; round++) starts.push(await rig.timeStart(round));
    const figures = ratios(results, memory, median(starts));
    print('');
    printFigures(figures);
    if (values.json !== undefined) {
      writeFileSync(values.json, `${JSON.stringify({ cases: Object.fromEntries(results), figures }, undefined, 2)}\n`);
    }
    const isLookedAt = (name: string) =>
      !name.startsWith('soak') && (native !== undefined || !name.includes('native peers'));
    const missed = values.check ? misses(figures, isLookedAt) : [];
    for (const miss of missed) print(`missed: ${miss}`);
    return missed.length > 0 ? 1 : 0;
  } finally {
    await rig.stop();
  }
}

process.exitCode = await main();
