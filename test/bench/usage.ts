import { readdirSync, readFileSync } from 'node:fs';

/** The resources that a process has used since it began. */
export interface Usage {
  /** CPU time of all threads in microseconds, without the time of waiting for a CPU. */
  readonly cpu: number;
  /** The number of times that one of its threads has waited for something, and so was woken. */
  readonly wakeUps: number;
  /** Bytes that it has made the kernel write to disks. */
  readonly written: number;
}

export function usageOf(pid: number): Usage {
  return {
    cpu: cpuTime(pid),
    wakeUps: sumOfThreads(pid, 'status', text => Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(text)?.[1])),
    written: Number(/^write_bytes: (\d+)/m.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))?.[1]),
  };
}

/** CPU time of all threads of a process in microseconds. */
export function cpuTime(pid: number): number {
  return sumOfThreads(pid, 'schedstat', text => Number(text.split(' ')[0]) / 1000);
}

function sumOfThreads(pid: number, file: string, read: (text: string) => number): number {
  let sum = 0;
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    try {
      sum += read(readFileSync(`/proc/${pid}/task/${task}/${file}`, 'utf8'));
    } catch {
      // The thread has just ended.
    }
  }
  return sum;
}

/** Resident memory of a process in MiB. */
export function residentMemory(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
}

/** Memory of a process in MiB, where each process that maps a page has its part of it. */
export function proportionalMemory(pid: number): number {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  return Number(/^Pss:\s+(\d+) kB/m.exec(rollup)?.[1]) / 1024;
}

/** CPU time that all processes of the machine have used, in microseconds (to 10 ms for each CPU). */
export function machineCpuTime(): number {
  const [user, nice, system, , , interrupts, softInterrupts] = /^cpu +(.*)/
    .exec(readFileSync('/proc/stat', 'utf8'))![1]!
    .split(' ')
    .map(Number) as number[];
  return (user! + nice! + system! + interrupts! + softInterrupts!) * 10_000;
}
