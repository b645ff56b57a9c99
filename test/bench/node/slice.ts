import type { PlanResult } from '../peers/plan.ts';
import { median } from '../stats.ts';
import { cpuTime, machineCpuTime, proportionalMemory, residentMemory, type Usage, usageOf } from '../usage.ts';
import type { NodeRig, Target } from './node-rig.ts';

/** The measurements of one target while a plan is played to it. */
export interface Slice {
  /** In seconds. */
  readonly elapsed: number;
  /** The usage of the process in between, and the bytes that it has logged; zero for `direct`. */
  readonly own: Usage & { readonly logged: number };
  /** CPU time of the client, of the runtimes, and of all processes outside the bench, in microseconds. */
  readonly client: number;
  readonly runtimes: number;
  readonly others: number;
  /** Times of calls by path, in microseconds. */
  readonly times: Readonly<Record<string, readonly number[]>>;
  /** Messages of the stream that is open all the time. */
  readonly streamed: number;
  /** Resident memory at its end, in MiB; undefined for `direct`. */
  readonly resident: number | undefined;
  readonly proportional: number | undefined;
}

const sumOf = (pids: readonly number[]) => pids.reduce((sum, pid) => sum + cpuTime(pid), 0);

function look(rig: NodeRig, { child, runtimes, logged }: Target) {
  const pid = child?.pid;
  return {
    at: performance.now(),
    own: pid === undefined ? { cpu: 0, wakeUps: 0, written: 0 } : usageOf(pid),
    logged: logged(),
    client: cpuTime(rig.clientPid),
    runtimes: sumOf(runtimes),
    others: machineCpuTime() - sumOf(rig.pids),
  };
}

/** Measures a target while a plan is played to it. */
export async function slice(rig: NodeRig, target: Target, play: () => Promise<PlanResult>): Promise<Slice> {
  const before = look(rig, target);
  const { times, streamed } = await play();
  const after = look(rig, target);
  const pid = target.child?.pid;
  return {
    elapsed: (after.at - before.at) / 1000,
    own: {
      cpu: after.own.cpu - before.own.cpu,
      wakeUps: after.own.wakeUps - before.own.wakeUps,
      written: after.own.written - before.own.written,
      logged: after.logged - before.logged,
    },
    client: after.client - before.client,
    runtimes: after.runtimes - before.runtimes,
    others: after.others - before.others,
    times,
    streamed,
    resident: pid === undefined ? undefined : residentMemory(pid),
    proportional: pid === undefined ? undefined : proportionalMemory(pid),
  };
}

/** Figures of all slices of a target: shares of a core in percent, rates a second. */
export interface TargetFigures {
  readonly calls: number;
  readonly cpu: number;
  readonly client: number;
  readonly runtimes: number;
  readonly others: number;
  readonly wakeUps: number;
  readonly written: number;
  readonly logged: number;
  /** CPU of the process in between for each call, in microseconds. */
  readonly cpuPerCall: number;
  readonly resident: number | undefined;
  readonly proportional: number | undefined;
}

/** By the target's name. */
export type SlicesByTarget = ReadonlyMap<string, readonly Slice[]>;

export function figuresOf(slices: readonly Slice[]): TargetFigures {
  const sum = (of: (each: Slice) => number) => slices.reduce((total, each) => total + of(each), 0);
  const seconds = sum(({ elapsed }) => elapsed);
  const share = (of: (each: Slice) => number) => sum(of) / seconds / 10_000;
  const calls = sum(({ times }) => Object.values(times).reduce((count, each) => count + each.length, 0));
  return {
    calls,
    cpu: share(({ own }) => own.cpu),
    client: share(({ client }) => client),
    runtimes: share(({ runtimes }) => runtimes),
    others: share(({ others }) => others),
    wakeUps: sum(({ own }) => own.wakeUps) / seconds,
    written: sum(({ own }) => own.written) / seconds,
    logged: sum(({ own }) => own.logged) / seconds,
    cpuPerCall: sum(({ own }) => own.cpu) / calls,
    resident: slices.at(-1)?.resident,
    proportional: slices.at(-1)?.proportional,
  };
}

/** CPU of one target to that of another: the median of the rounds' ratios. Slices of one round are near each other in time. */
export function ratioOf(one: readonly Slice[], other: readonly Slice[]): number {
  return median(one.map((each, round) => figuresOf([each]).cpu / figuresOf([other[round]!]).cpu));
}
