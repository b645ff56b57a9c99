import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { endOf, spawnTied, waitFor } from './child.ts';

export interface ProxyOptions {
  /** The value of `-connect`: `PRIMARY[,id:SOCKET...]`. */
  connect: string;
  /** The value of `-v`; the default is 3. */
  verbosity?: number;
  /** More flags. */
  flags?: readonly string[];
  env?: Readonly<Record<string, string>>;
  /** A module that is loaded before the program, which then runs from the sources. */
  preload?: URL;
}

/** The program under test as a process of its own. */
export interface ProxyProcess {
  readonly socketPath: string;
  /** Its stderr since the first start. */
  log(): string;
  /** Sends the signal and resolves with the exit status once it has ended and its log is read; null when a signal has ended it. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
  /** Starts it again with the same flags; resolves when its socket takes connections. */
  start(): Promise<void>;
  /** Ends it if it still runs, and removes its folder. Rejects if the program has logged a fault of its own. */
  remove(): Promise<void>;
}

/** The limit of a start: an emulated program on a busy machine takes a minute. */
const STARTS = { timeout: 180_000 };

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

/** The proxy's command line: the sources, or the built program that CRIPROXY_BIN names. */
export function proxyCommand(flags: readonly string[], preload?: URL): [command: string, args: string[]] {
  if (preload !== undefined) return [process.execPath, ['--import', preload.href, main, ...flags]];
  const built = process.env['CRIPROXY_BIN'];
  return built ? [built, [...flags]] : [process.execPath, [main, ...flags]];
}

export async function startProxy(options: ProxyOptions): Promise<ProxyProcess> {
  const dir = mkdtempSync(join(tmpdir(), 'criproxy-'));
  const socketPath = join(dir, 'criproxy.sock');
  const common = ['-connect', options.connect, '-listen', socketPath, '-stateDir', join(dir, 'state')];
  const flags = [...common, '-v', String(options.verbosity ?? 3)];
  const [command, args] = proxyCommand([...flags, '-logtostderr', ...(options.flags ?? [])], options.preload);
  let child: ChildProcess | undefined;
  let log = '';
  const proxy: ProxyProcess = {
    socketPath,
    log: () => log,
    async stop(signal = 'SIGTERM') {
      if (!child) return null;
      const ended = endOf(child);
      child.kill(signal);
      const { code } = await ended;
      child = undefined;
      return code;
    },
    async start() {
      const started = spawnTied(command, args, {
        stdio: ['ignore', 'ignore', 'pipe'],
        env: { ...process.env, ...options.env },
      });
      child = started;
      started.stderr!.setEncoding('utf8').on('data', text => {
        log += text;
      });
      await waitFor(
        'the proxy to listen',
        async () => {
          const status = started.exitCode ?? started.signalCode;
          if (status !== null) throw new Error(`the proxy ended with ${status}: ${log.slice(-2000)}`);
          return (await acceptsConnections(socketPath)) || undefined;
        },
        STARTS,
      );
    },
    async remove() {
      await proxy.stop('SIGKILL');
      rmSync(dir, { recursive: true, force: true });
      // A fault of the program costs one call or connection only, so that a test may not notice it.
      const fault = options.preload === undefined ? /^.*a fault of criproxy.*$/m.exec(log) : null;
      if (fault !== null) throw new Error(fault[0]);
    },
  };
  try {
    await proxy.start();
  } catch (error) {
    await proxy.remove();
    throw error;
  }
  return proxy;
}

/** Runs the program to its end, as a shell would; for flags that make it stop. */
export async function runProxy(
  flags: readonly string[],
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const [command, args] = proxyCommand(flags);
  const child = spawnTied(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const out = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]!.setEncoding('utf8').on('data', text => {
      out[name] += text;
    });
  }
  const [code] = await once(child, 'close');
  return { code, ...out };
}

/** A socket file alone says nothing: a killed process leaves it behind. */
function acceptsConnections(path: string): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
