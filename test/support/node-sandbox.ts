import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { waitFor } from './child.ts';

/** The result of a command in the node. */
export interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A throw-away machine: a real systemd as PID 1 of a container, over a root that is never written to. */
export interface Node {
  /** Runs a command, by a shell if it is a text; never throws. */
  run(command: string | readonly string[]): Ran;
  /** Runs a command like `run`, and throws unless it ends with 0. */
  must(command: string | readonly string[]): string;
  /** The path on this machine of a file in the node; it follows no absolute links. */
  path(inside: string): string;
  write(inside: string, text: string, mode?: number): void;
  /** Shuts it down and forgets it. */
  remove(): Promise<void>;
}

export interface NodeOptions {
  readonly root: string;
  /** Folders of this machine that the node sees, read-only, by their paths in the node. */
  readonly binds?: Readonly<Record<string, string>>;
}

/** cgroup2, which is one folder deeper if v1 is mounted too; and, there, systemd's own hierarchy. */
const unified = ['/sys/fs/cgroup', '/sys/fs/cgroup/unified'].find(path => existsSync(join(path, 'cgroup.controllers')));
const hierarchies = [unified, '/sys/fs/cgroup/systemd'].filter(
  path => path && existsSync(join(path, 'cgroup.procs')),
) as string[];

/** The name of a node; the pid of the process that booted it follows. */
const PREFIX = 'criproxy-node-run-';

function groupsOf(name: string): string[] {
  return hierarchies.map(path => join(path, name));
}

/**
 * Joins the node's cgroups, then makes a mount namespace of its own: the overlay, and nspawn's lock files, go away with it.
 * - register=no, keep-unit: there need be no systemd here to ask.
 * - UNIFIED_HIERARCHY: the node sees cgroup2 alone, whatever this machine has. SECCOMP=0, capability=all: containers run inside.
 * - API_VFS_WRITABLE=network: its sysctls must not be ours.
 */
const launch = `
for group in $GROUPS_OF_NODE; do echo $$ > "$group/cgroup.procs" || exit; done
exec unshare --mount --propagation private sh -c '
  mount -t overlay overlay -o "lowerdir=$NODE_ROOT,upperdir=upper,workdir=work" root || exit
  mkdir -p /run/systemd/nspawn && mount -t tmpfs tmpfs /run/systemd/nspawn || exit
  exec systemd-nspawn "$@"' - "$@"
`;

/** The inner shell moves to PID 1's cgroup, so that processes started here belong to the node; the outer one waits. */
const enter = [
  'sh',
  '-c',
  '"$@"; exit $?',
  '-',
  'sh',
  '-c',
  'echo $$ > /sys/fs/cgroup/init.scope/cgroup.procs; exec "$@"',
  '-',
];

const environment = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: '/root',
  LANG: 'C.UTF-8',
  TERM: 'dumb',
  DEBIAN_FRONTEND: 'noninteractive',
  SYSTEMD_PAGER: '',
};

function startNspawn(dir: string, name: string, options: NodeOptions, groups: readonly string[]): ChildProcess {
  for (const folder of ['root', 'upper/etc', 'work', 'containerd']) mkdirSync(join(dir, folder), { recursive: true });
  for (const folder of ['.', 'upper', 'upper/etc']) chmodSync(join(dir, folder), 0o755);
  writeFileSync(join(dir, 'upper/etc/hostname'), `${name}\n`);
  writeFileSync(join(dir, 'upper/etc/machine-id'), `${Buffer.from(name.padEnd(16)).toString('hex').slice(0, 32)}\n`);
  // overlayfs cannot be the upper layer of another overlayfs: containerd's snapshots get a real file system.
  const binds = [`--bind=${join(dir, 'containerd')}:/var/lib/containerd`];
  for (const [inside, outside] of Object.entries(options.binds ?? {})) binds.push(`--bind-ro=${outside}:${inside}`);
  const args = [
    '--boot',
    `--directory=${join(dir, 'root')}`,
    `--machine=${name}`,
    '--register=no',
    '--keep-unit',
    '--capability=all',
  ];
  const more = ['--link-journal=no', '--timezone=off', '--console=read-only', '--private-network', '--resolv-conf=off'];
  const log = openSync(join(dir, 'console.log'), 'w');
  return spawn('sh', ['-c', launch, '-', ...args, ...more, ...binds], {
    cwd: dir,
    detached: true,
    stdio: ['ignore', log, log],
    env: {
      ...process.env,
      NODE_ROOT: options.root,
      GROUPS_OF_NODE: groups.join(' '),
      SYSTEMD_NSPAWN_UNIFIED_HIERARCHY: '1',
      SYSTEMD_SECCOMP: '0',
      SYSTEMD_NSPAWN_API_VFS_WRITABLE: 'network',
    },
  });
}

/** nspawn's only lasting child is the node's PID 1. */
function findInit(nspawn: number): number | undefined {
  const children = readFileSync(`/proc/${nspawn}/task/${nspawn}/children`, 'utf8').trim().split(' ').filter(Boolean);
  return children.map(Number).find(pid => {
    const status = existsSync(`/proc/${pid}/status`) ? readFileSync(`/proc/${pid}/status`, 'utf8') : '';
    return /^NSpid:.*\s1$/m.test(status) && /^Name:\s+systemd$/m.test(status);
  });
}

function removeGroup(path: string): void {
  if (!existsSync(path)) return;
  for (const entry of readdirSync(path, { withFileTypes: true }))
    if (entry.isDirectory()) removeGroup(join(path, entry.name));
  rmdirSync(path);
}

async function endNode(nspawn: ChildProcess | undefined, dir: string, groups: readonly string[]): Promise<void> {
  const ended = nspawn && nspawn.exitCode === null && nspawn.signalCode === null ? once(nspawn, 'exit') : undefined;
  // The whole node is killed at once: nothing in a throw-away node needs an orderly halt.
  writeFileSync(join(groups[0]!, 'cgroup.kill'), '1');
  await ended;
  await waitFor(
    'the node to be empty',
    async () => readFileSync(join(groups[0]!, 'cgroup.events'), 'utf8').includes('populated 0') || undefined,
  );
  for (const group of groups) removeGroup(group);
  rmSync(dir, { recursive: true, force: true });
}

let booted = 0;

/** Ends the nodes of test runs that were killed. */
async function endStaleNodes(): Promise<void> {
  for (const name of readdirSync(unified!).filter(entry => entry.startsWith(PREFIX))) {
    const owner = name.slice(PREFIX.length).split('-')[0]!;
    if (!existsSync(`/proc/${owner}`)) await endNode(undefined, join(tmpdir(), name), groupsOf(name));
  }
}

/** Boots a node and resolves once systemd has finished; half a second. Needs root, and cgroup2. */
export async function bootNode(options: NodeOptions): Promise<Node> {
  await endStaleNodes();
  const name = `${PREFIX}${process.pid}-${++booted}`;
  const dir = join(tmpdir(), name);
  const groups = groupsOf(name);
  rmSync(dir, { recursive: true, force: true });
  for (const group of groups) mkdirSync(group);
  const nspawn = startNspawn(dir, name, options, groups);
  let init: number | undefined;
  const run = (command: string | readonly string[]): Ran => {
    const words = typeof command === 'string' ? ['sh', '-c', command] : command;
    const args = ['--target', String(init), '--all', '--root', '--wd', '--no-fork', '--', ...enter, ...words];
    // The variables are given by env, and not by the option of that name, to which a test runner adds variables of its own.
    const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
    return spawnSync('env', ['-i', ...variables, 'nsenter', ...args], {
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
      timeout: 120_000,
    });
  };
  try {
    await waitFor('the node to boot', async () => {
      if (nspawn.exitCode !== null)
        throw new Error(`nspawn ended: ${readFileSync(join(dir, 'console.log'), 'utf8').slice(-2000)}`);
      init ??= findInit(nspawn.pid!);
      return init === undefined
        ? undefined
        : /^(running|degraded)$/m.test(run('systemctl is-system-running').stdout) || undefined;
    });
  } catch (fault) {
    await endNode(nspawn, dir, groups);
    throw fault;
  }
  const path = (inside: string) => join(`/proc/${init}/root`, inside);
  return {
    run,
    path,
    must: command => {
      const ran = run(command);
      if (ran.status !== 0) throw new Error(`${String(command)}: ${ran.status}\n${ran.stdout}${ran.stderr}`);
      return ran.stdout;
    },
    write: (inside, text, mode = 0o644) => {
      mkdirSync(dirname(path(inside)), { recursive: true });
      writeFileSync(path(inside), text);
      chmodSync(path(inside), mode);
    },
    remove: () => endNode(nspawn, dir, groups),
  };
}
