import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';

/** Starts a process that the kernel kills when this one ends, however it ends. */
export function spawnTied(command: string, args: readonly string[], options: SpawnOptions): ChildProcess {
  return spawn('setpriv', ['--pdeathsig', 'KILL', command, ...args], options);
}

/** The end of the process; rejects when it could not be started. */
export function exitOf(child: ChildProcess): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
  if (child.exitCode !== null || child.signalCode !== null)
    return Promise.resolve({ code: child.exitCode, signal: child.signalCode });
  return new Promise((resolve, reject) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
    child.once('error', reject);
  });
}

/** How the process ended, once its output is read to the end: lines that it wrote last may come after its exit. Rejects as exitOf. */
export function endOf(child: ChildProcess): ReturnType<typeof exitOf> {
  const isRead = [child.stdout, child.stderr].every(stream => stream?.closed ?? true);
  return isRead ? exitOf(child) : Promise.all([exitOf(child), once(child, 'close')]).then(([end]) => end);
}

/** `pid start-time`: no other process ever has the same. Undefined when there is no such process, or a dead one. */
export function processStamp(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const afterName = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return afterName[0] === 'Z' ? undefined : `${pid} ${afterName[19]}`;
  } catch {
    return undefined;
  }
}

/** Tries `probe` until it returns something other than undefined; rejects after `timeout` ms, naming `what`. */
export async function waitFor<T>(
  what: string,
  probe: () => T | undefined | Promise<T | undefined>,
  { timeout = 60_000, pause = 50 } = {},
): Promise<T> {
  const end = performance.now() + timeout;
  for (;;) {
    const found = await probe();
    if (found !== undefined) return found;
    if (performance.now() > end) throw new Error(`waited ${timeout} ms in vain for ${what}`);
    await new Promise(resolve => setTimeout(resolve, pause));
  }
}
