import { type Case, cases } from './cases.ts';
import type { NativePeers } from './peers/native-peers.ts';
import { Rig } from './rig.ts';
import { type Figures, median, type Sample, summarize } from './stats.ts';
import { cpuTime } from './usage.ts';

const kinds = ['direct', 'proxy', 'relay', 'pipe'] as const;
type Kind = (typeof kinds)[number];

/** The figures of all calls to a target, and of each round. */
interface Result {
  readonly whole: Figures;
  readonly rounds: readonly Figures[];
}
type Results = Partial<Record<Kind, Result>>;

export interface LoopBenchOptions {
  readonly native: NativePeers | undefined;
  readonly quick: boolean;
  /** Only the cases whose name contains it. */
  readonly only: string;
  print(line: string): void;
}

export interface LoopBenchResult {
  readonly cases: Readonly<Record<string, Results>>;
  /** The figures that bars.json names, by their names there. */
  readonly figures: Record<string, number>;
}

/** Measures each case against the runtime itself, a relay on grpc-js and a pipe, in turn. */
export async function benchLoop({ native, quick, only, print }: LoopBenchOptions): Promise<LoopBenchResult> {
  const rig = new Rig();
  try {
    await rig.start(native);
    print(`${'times and CPU per call in us'.padEnd(58)}     p50     p90     p99  calls/s      CPU`);
    const results = new Map<string, Results>();
    const measured = cases.filter(({ library }) => library !== 'native' || native !== undefined);
    for (const row of measured.filter(({ name }) => name.includes(only))) {
      const result = await measure(rig, row, quick);
      results.set(row.name, result);
      printResult(row.name, result, print);
    }
    const starts: number[] = [];
    for (let round = 0; round < 5; round++) starts.push(await rig.timeStart(round));
    return { cases: Object.fromEntries(results), figures: ratios(results, median(starts)) };
  } finally {
    await rig.stop();
  }
}

/** The time that a proxy is called before it is measured, in ms: a busy one gets one compiler more (src/daemon/last-compiler.ts), which then has work. */
const BUSY = 9000;

/** Rounds of calls to each target in turn, so that a disturbance of the machine disturbs all of them. */
async function measure(rig: Rig, row: Case, quick: boolean): Promise<Results> {
  const rounds = quick ? 2 : 8;
  // Warm-up rounds do not count: a daemon that has run for a day has its code compiled.
  const warmUps = quick ? 1 : 3;
  const has = kinds.filter(kind => isMeasured(kind, row));
  const samples = new Map(has.map(kind => [kind, [] as Sample[]]));
  const job = {
    library: row.library,
    path: row.path,
    request: row.request.toString('base64'),
    parallel: row.parallel,
    clients: row.clients,
  };
  const calls = Math.max(row.parallel, Math.round(row.calls * (quick ? 0.2 : 1)));
  const { socket } = rig.target(row, 'proxy');
  if (!rig.warmed.has(socket)) {
    rig.warmed.add(socket);
    for (const start = performance.now(); performance.now() - start < BUSY; ) await rig.load({ ...job, socket, calls });
  }
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

/** The relay is measured for calls between peers of our own, the pipe for calls between native ones. */
function isMeasured(kind: Kind, { library, runtimes, list }: Case): boolean {
  if (kind === 'relay') return library === 'own' && runtimes === 1 && list === '100';
  return kind !== 'pipe' || (library === 'native' && runtimes === 1);
}

/**
 * A ratio is the median of the rounds' ratios. Calls of one round are seconds apart: the machine may be twice as fast in one as in
 * another.
 */
function ratios(results: ReadonlyMap<string, Results>, start: number): Record<string, number> {
  const figures: Record<string, number> = {};
  const labels = { p50: 'p50', callsPerSecond: 'calls/s', cpu: 'CPU' } as const;
  const compare = (name: string, of: keyof typeof labels, kind: Kind, to: Kind) => {
    const one = results.get(name)?.[kind];
    const other = results.get(name)?.[to];
    const pairs = one?.rounds.map((round, index) => round[of]! / other!.rounds[index]![of]!) ?? [];
    if (pairs.length > 0) figures[`${name}: ${labels[of]}, ${kind} to ${to}`] = median(pairs);
  };
  for (const method of ['Version', 'ContainerStatus']) {
    const [one, eight] = [`${method}, 1 at a time`, `${method}, 8 at a time`];
    for (const name of [one, eight]) compare(name, 'cpu', 'proxy', 'relay');
    for (const [kind, to] of [
      ['pipe', 'direct'],
      ['proxy', 'pipe'],
    ] as const) {
      compare(`${one}, native peers`, 'p50', kind, to);
      compare(`${eight}, native peers`, 'callsPerSecond', kind, to);
    }
  }
  for (const peers of ['grpc-js peers', 'native peers'])
    compare(`ListContainers of 100, 2 runtimes, 1 at a time, ${peers}`, 'p50', 'proxy', 'direct');
  for (const what of ['', ' that change']) {
    const name = `ListContainers of 100${what}, 2 runtimes, 1 at a time, native peers`;
    const cpu = results.get(name)?.proxy?.rounds.map(round => round.cpu!);
    if (cpu !== undefined) figures[`${name}: CPU, us`] = median(cpu);
  }
  figures['from start to the first answer, ms'] = start;
  return figures;
}

function printResult(name: string, results: Results, print: (line: string) => void): void {
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
