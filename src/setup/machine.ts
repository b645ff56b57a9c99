import { execFile, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { listConnections, listKubeletUnits, listProcesses } from './connections.ts';
import { askDaemonRuntimes } from './daemon-runtimes.ts';
import { openDisk } from './disk.ts';
import type { FileFacts, Host, ServiceState } from './host.ts';
import { takeLock } from './lock.ts';
import { ADMIN_SOCKET } from './places.ts';
import { keepProgram, restoreProgram } from './program.ts';
import { failed } from './setup-error.ts';
import { readLog } from './unit-log.ts';

const run = promisify(execFile);

/** A socket's state in /proc/net/unix: SS_CONNECTED of linux/net.h. */
const CONNECTED = '03';

/** On a file system that a reboot empties. */
const LOCK = '/run/criproxy-setup.lock';

function said(fault: unknown): string {
  const { stderr, message } = fault as { stderr?: string; message: string };
  return (stderr || message).trim().split('\n').at(-1)!;
}

function findNoServices(): string | undefined {
  if (!existsSync('/run/systemd/system')) return 'systemd does not run here';
  // Debian policy 9.11.1: an image build forbids starting services so.
  const policy = '/usr/sbin/policy-rc.d';
  const forbidden = existsSync(policy) && spawnSync(policy, ['criproxy', 'start'], { stdio: 'ignore' }).status === 101;
  return forbidden ? `${policy} forbids starting services` : undefined;
}

async function readState(unit: string): Promise<ServiceState> {
  const { stdout } = await run('systemctl', ['show', unit, '-p', 'ActiveState', '-p', 'MainPID', '-p', 'NRestarts']);
  const value = (key: string) => new RegExp(`^${key}=(.*)$`, 'm').exec(stdout)?.[1] ?? '';
  return { active: value('ActiveState'), pid: Number(value('MainPID')), restarts: Number(value('NRestarts')) };
}

async function isKubeletHealthy(): Promise<boolean> {
  try {
    const answer = await fetch('http://127.0.0.1:10248/healthz', { signal: AbortSignal.timeout(1_000) });
    return answer.ok && (await answer.text()) === 'ok';
  } catch {
    return false;
  }
}

function isListening(path: string): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(path);
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });
}

function statFile(root: string, path: string): FileFacts | undefined {
  const at = join(root, path);
  const found = statSync(at, { throwIfNoEntry: false });
  if (found === undefined) return undefined;
  const kind = found.isSocket() ? 'socket' : found.isDirectory() ? 'folder' : found.isFile() ? 'file' : 'other';
  const real = realpathSync(at).slice(root === '/' ? 0 : realpathSync(root).length);
  return { kind, mode: found.mode & 0o7777, uid: found.uid, gid: found.gid, path: real };
}

/** This machine; with a `root` other than `/` only its files, to try the set-up on a copy. */
export function openMachine(root: string): Host {
  return {
    files: openDisk(root),
    noServices: root === '/' ? findNoServices() : `${root} is a copy`,
    askVersion: ([program, ...rest]) => {
      const answer = spawnSync(`${root === '/' ? '' : root}${program}`, [...rest, '--version'], {
        encoding: 'utf8',
        timeout: 20_000,
      });
      const fault = answer.error?.message ?? `exit status ${answer.status ?? answer.signal}`;
      return answer.status === 0 ? answer.stdout : `${answer.stderr ?? ''} (${fault})`;
    },
    lock: () => takeLock(LOCK),
    systemctl: async (...args) => {
      await run('systemctl', args).catch(fault => {
        throw failed(`systemctl ${args.join(' ')}`, said(fault), `see journalctl -u ${args.at(-1)}`);
      });
    },
    serviceState: readState,
    readLog,
    stat: path => statFile(root, path),
    processes: root === '/' ? listProcesses : () => [],
    kubeletUnits: root === '/' ? listKubeletUnits : () => [],
    connections: root === '/' ? listConnections : () => undefined,
    isKubeletHealthy,
    // Loaded when they are asked for: most commands talk to no runtime.
    probe: async (socket, ms) => (await import('./probe.ts')).probeRuntime(socket, ms),
    isListening,
    askDaemon: () => askDaemonRuntimes(ADMIN_SOCKET),
    listPods: async socket => (await import('./probe.ts')).listReadyPods(socket),
    name: hostname(),
    countConnections: socket => {
      const lines = readFileSync('/proc/net/unix', 'utf8').split('\n');
      return lines.map(line => line.split(' ')).filter(words => words.at(-1) === socket && words[5] === CONNECTED)
        .length;
    },
    sleep: ms => new Promise(resolve => setTimeout(resolve, ms)),
    keepProgram,
    restoreProgram,
  };
}
