import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';

/** A process of a service. */
export interface Process {
  readonly pid: number;
  readonly args: readonly string[];
}

/** A process's arguments; undefined when it has ended. */
function readArguments(pid: number): readonly string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    return text === '' ? undefined : text.replace(/\0$/, '').split('\0');
  } catch {
    return undefined;
  }
}

/** Whether root runs a process. The name of another user's process proves nothing, and its program must not be started. */
function isRoots(pid: number | string): boolean {
  return statSync(`/proc/${pid}`, { throwIfNoEntry: false })?.uid === 0;
}

const hierarchies = ['/sys/fs/cgroup', '/sys/fs/cgroup/systemd', '/sys/fs/cgroup/unified'];

function readPids(group: string): number[] {
  for (const hierarchy of hierarchies)
    try {
      const text = readFileSync(`${hierarchy}${group}/cgroup.procs`, 'utf8').trim();
      if (text !== '') return text.split('\n').map(Number);
    } catch {
      // another hierarchy has it
    }
  return [];
}

/** Root's processes in a unit's cgroup, its main process first; none where systemd does not run it. */
export function listProcesses(unit: string): readonly Process[] {
  const { stdout } = spawnSync('systemctl', ['show', unit, '-p', 'MainPID', '-p', 'ControlGroup'], {
    encoding: 'utf8',
    timeout: 10_000,
  });
  const value = (key: string) => new RegExp(`^${key}=(.+)$`, 'm').exec(stdout ?? '')?.[1];
  const main = Number(value('MainPID') ?? 0);
  const group = value('ControlGroup');
  const others = group === undefined ? [] : readPids(group).filter(pid => pid !== main);
  return (main === 0 ? others : [main, ...others]).filter(isRoots).flatMap(pid => {
    const args = readArguments(pid);
    return args === undefined ? [] : [{ pid, args }];
  });
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** The services of this machine, not of its containers, that have a process of root called kubelet. */
export function listKubeletUnits(): readonly string[] {
  const machine = readLink('/proc/1/ns/pid');
  const pids = readdirSync('/proc').filter(name => /^\d+$/.test(name));
  const units = pids.flatMap(pid => {
    const [program = ''] = readText(`/proc/${pid}/cmdline`).split('\0');
    if (!/(^|\/)kubelet$/.test(program) || !isRoots(pid) || readLink(`/proc/${pid}/ns/pid`) !== machine) return [];
    return /\/([^/\n]+\.service)(?:\/|$)/m.exec(readText(`/proc/${pid}/cgroup`))?.[1] ?? [];
  });
  return [...new Set(units)];
}

/** Lines of `ss -xnH`: the path, or *, and inode of one end, and the inode of its peer. */
const LINE = /^u_\S+\s+ESTAB\s+\d+\s+\d+\s+(.+?)\s+(\d+)\s+\S+\s+(\d+)\s*$/;

/** The paths of connected sockets, by the inode of the end that has none. */
export function parseConnections(text: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, path, , peer] = LINE.exec(line) ?? [];
    if (path !== undefined && path !== '*') found.set(peer!, path);
  }
  return found;
}

/**
 * The unix sockets that a process is connected to, as paths; undefined where that cannot be told: without root, or without
 * the program ss (iproute2), which asks the kernel for the two ends of each connection.
 */
export function listConnections(pid: number): readonly string[] | undefined {
  const ss = spawnSync('ss', ['-xnH'], { encoding: 'utf8', timeout: 10_000, maxBuffer: 64 * 1024 * 1024 });
  if (ss.status !== 0) return undefined;
  const paths = parseConnections(ss.stdout);
  try {
    const folder = `/proc/${pid}/fd`;
    const found = readdirSync(folder).flatMap(fd => {
      const inode = /^socket:\[(\d+)\]$/.exec(readLink(`${folder}/${fd}`))?.[1];
      return (inode && paths.get(inode)) ?? [];
    });
    return [...new Set(found)].sort();
  } catch {
    return undefined;
  }
}

/** Empty for one that was closed meanwhile. */
function readLink(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
