import type { ChildProcess, StdioOptions } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { transformSync } from 'esbuild';
import { bundle } from '../../build/bundle.ts';
import { exitOf, spawnTied, waitFor } from '../support/child.ts';

const channels = {
  ignore: ['ignore', 'ignore', 'inherit'],
  ipc: ['ignore', 'ignore', 'inherit', 'ipc'],
  pipe: ['pipe', 'pipe', 'inherit'],
  /** For a program whose log is tested elsewhere. */
  quiet: ['ignore', 'ignore', 'ignore'],
  /** For a program whose log is counted. */
  log: ['ignore', 'ignore', 'pipe', 'ipc'],
} as const satisfies Record<string, StdioOptions>;

/** The memory settings of debian/criproxy.service. */
const packaged = { MALLOC_ARENA_MAX: '1' };

/** All processes of a bench, each tied to this one, in a folder of their own. */
export class Processes {
  private readonly folder = mkdtempSync(join(tmpdir(), 'criproxy-bench-'));
  private readonly children = new Set<ChildProcess>();
  private bundled: string | undefined;

  path(name: string): string {
    return join(this.folder, name);
  }

  start(
    [command, ...args]: readonly string[],
    channel: keyof typeof channels = 'ignore',
    environment: Readonly<Record<string, string>> = {},
  ): ChildProcess {
    const env = { ...process.env, ...environment };
    const child = spawnTied(command!, args, { stdio: [...channels[channel]], env });
    this.children.add(child);
    return child;
  }

  /** A script of `peers`, on this Node. */
  startPeer(script: string, args: readonly string[], channel: keyof typeof channels = 'ignore'): ChildProcess {
    return this.start([process.execPath, join(import.meta.dirname, 'peers', script), ...args], channel);
  }

  /** `peers/pipe.ts`, with the memory that it needs by itself. */
  startPipe(path: string, target: string): ChildProcess {
    const script = this.toJavaScript(join(import.meta.dirname, 'peers/pipe.ts'));
    return this.start([process.execPath, script, path, target], 'ignore', packaged);
  }

  /** The program that CRIPROXY_BIN names, or, without it or with a module to load before, bundled as it is packaged. */
  async startProgram(
    flags: readonly string[],
    channel: keyof typeof channels,
    preload?: string,
  ): Promise<ChildProcess> {
    const built = process.env['CRIPROXY_BIN'];
    if (built && preload === undefined) return this.start([built, ...flags], channel, packaged);
    this.bundled ??= await bundle('src/main.ts', this.folder);
    const required = preload === undefined ? [] : ['--require', this.toJavaScript(preload)];
    return this.start([process.execPath, ...required, this.bundled, ...flags], channel, packaged);
  }

  /** A module of no imports but Node's, so that the process does not load the compiler for types, some 12 MiB. */
  private toJavaScript(module: string): string {
    const { code } = transformSync(readFileSync(module, 'utf8'), { loader: 'ts', format: 'cjs' });
    const file = this.path(`${basename(module, '.ts')}.cjs`);
    writeFileSync(file, code);
    return file;
  }

  async end(...children: readonly ChildProcess[]): Promise<void> {
    for (const child of children) {
      child.kill('SIGKILL');
      this.children.delete(child);
    }
    await Promise.all(children.map(exitOf));
  }

  /** Ends all processes that still run, and removes the folder. */
  async endAll(): Promise<void> {
    await this.end(...this.children);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The flags of a proxy that serves on `socket`. */
export function proxyFlags(runtimes: string, socket: string): string[] {
  return ['-connect', runtimes, '-listen', socket, '-stateDir', `${socket}.state`];
}

/** Resolves once a server takes connections there. */
export function listening(path: string): Promise<true> {
  const attempt = () =>
    new Promise<true | undefined>(resolve => {
      const socket = connect(path, () => {
        socket.destroy();
        resolve(true);
      });
      socket.on('error', () => resolve(undefined));
    });
  return waitFor(`${path} to listen`, attempt, { pause: 5 });
}
