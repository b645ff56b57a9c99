import { setFlagsFromString } from 'node:v8';
import type { CallObserver } from '../watch/call-watch.ts';

/** The share of a core from which on a process is busy: a node of 500 pods takes a tenth. */
const BUSY = 0.25;

/** The time over which the share is taken, in ms at least: a kubelet that has just started asks for less long. */
const SPAN = 5000;

/**
 * From here on V8 compiles nothing with TurboFan, whose own code is 5 MiB, resident once it has run. What the compiler before it makes is
 * as good for calls that come one by one, and a fifth to a half dearer for calls as fast as they go. The filter, and not the flag for
 * TurboFan: code that is compiled while that one is off never asks for more.
 */
export function forbidLastCompiler(): void {
  setFlagsFromString('--turbo-filter=~');
}

function allowLastCompiler(): void {
  setFlagsFromString('--turbo-filter=*');
}

/** CPU time that the process has had, in ms. */
export type CpuTime = () => number;

/**
 * Allows TurboFan from the first time on that calls keep the process busy. It looks when a call begins, at most each SPAN: a process that
 * nobody calls is not woken for it. CPU time, and not the time in which the event loop works: on a busy node that is mostly the wait for a
 * core.
 */
export class LastCompiler implements CallObserver {
  private readonly cpuTime: CpuTime;
  private readonly allow: () => void;
  private isAllowed = false;
  private last: { readonly at: number; readonly cpu: number } | undefined;

  constructor(cpuTime: CpuTime = ownCpuTime, allow: () => void = allowLastCompiler) {
    this.cpuTime = cpuTime;
    this.allow = allow;
  }

  begun(): void {
    if (!this.isAllowed) this.look(performance.now());
  }

  /** Public for tests: what a call at `now`, in ms, does. */
  look(now: number): void {
    const { last } = this;
    if (last !== undefined && now - last.at < SPAN) return;
    const cpu = this.cpuTime();
    this.last = { at: now, cpu };
    if (last === undefined || (cpu - last.cpu) / (now - last.at) < BUSY) return;
    this.isAllowed = true;
    this.allow();
  }
}

function ownCpuTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
