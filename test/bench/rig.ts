import type { ChildProcess, StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundle } from '../../build/bundle.ts';
import { makeDial } from '../../src/transport/grpc/client/client.ts';
import { exitOf, spawnTied, waitFor } from '../support/child.ts';
import type { Case, Library } from './cases.ts';
import type { Job, JobResult } from './load-client.ts';
import { answers, statusRequest } from './messages.ts';
import { NativeClient } from './native-client.ts';
import type { NativePeers } from './native-peers.ts';

/** The lists that there are runtimes with, and proxies in front of one and two of them; see Case. */
const lists = { own: ['100', '500', '100~', '500~'], 'grpc-js': ['100'], native: ['100'] } as const;

/** `quiet` is for the program, whose log is of interest in its own tests. */
const channels: Readonly<Record<'ignore' | 'ipc' | 'pipe' | 'quiet', StdioOptions>> = {
  ignore: ['ignore', 'ignore', 'inherit'],
  ipc: ['ignore', 'ignore', 'inherit', 'ipc'],
  pipe: ['pipe', 'pipe', 'inherit'],
  quiet: ['ignore', 'ignore', 'ignore'],
};

/** All processes of the bench, each tied to this one, in a folder of their own. */
export class Rig {
  readonly folder = mkdtempSync(join(tmpdir(), 'criproxy-bench-'));
  private readonly children: ChildProcess[] = [];
  private readonly proxies = new Map<string, ChildProcess>();
  private program: string[] = [];
  private client: ChildProcess | undefined;
  private nativeClient: NativeClient | undefined;
  private relayed: ChildProcess | undefined;
  private piped: ChildProcess | undefined;

  /** A ContainerStatusRequest in base64. */
  readonly statusRequest = statusRequest.toString('base64');

  /** Starts runtimes, proxies, relay and clients; those that are native if there are such. */
  async start(native: NativePeers | undefined): Promise<void> {
    const built = process.env['CRIPROXY_BIN'];
    this.program = built ? [built] : [process.execPath, await bundle('src/main.ts', this.folder)];
    const libraries: readonly Library[] = native === undefined ? ['own', 'grpc-js'] : ['own', 'grpc-js', 'native'];
    for (const library of libraries) {
      for (const name of ['a', 'b']) await this.startRuntime(name, library, native);
      for (const list of lists[library]) {
        for (const runtimes of [1, 2])
          await this.startProxy(this.runtimeFlag(library, list, runtimes), this.proxy(library, list, runtimes));
      }
    }
    this.relayed = this.spawn([
      process.execPath,
      script('grpcjs-relay.ts'),
      this.path('relay'),
      this.runtime('a', 'own', '100'),
    ]);
    await listening(this.path('relay'));
    this.client = this.spawn([process.execPath, script('load-client.ts')], 'ipc');
    if (native !== undefined) await this.startPipe();
    if (native !== undefined) this.nativeClient = new NativeClient(this.spawn([native.client], 'pipe'));
  }

  /** Ends everything. */
  async stop(): Promise<void> {
    for (const child of this.children) child.kill('SIGKILL');
    await Promise.all(this.children.map(exitOf));
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Where a case's calls go, and the process in between. */
  target(row: Case, kind: 'direct' | 'proxy' | 'relay' | 'pipe'): { socket: string; pid: number | undefined } {
    if (kind === 'relay') return { socket: this.path('relay'), pid: this.relayed?.pid };
    if (kind === 'pipe') return { socket: this.path('pipe'), pid: this.piped?.pid };
    if (kind === 'direct') return { socket: this.runtime('a', row.library, row.list), pid: undefined };
    const socket = this.proxy(row.library, row.list, row.runtimes);
    return { socket, pid: this.proxies.get(socket)?.pid };
  }

  async load(job: Job): Promise<JobResult> {
    if (job.library === 'native') return this.nativeClient!.run(job);
    const client = this.client!;
    client.send(job);
    const [result] = await once(client, 'message');
    if ('error' in result) throw new Error(result.error);
    return result;
  }

  /** Milliseconds from starting a proxy to the first answer that it gives. */
  async timeStart(round: number): Promise<number> {
    const socket = this.path(`start-${round}`);
    const start = performance.now();
    const child = this.spawnProgram(this.flags(this.runtimeFlag('own', '100', 1), socket));
    const call = async () => {
      const session = await makeDial({})(socket, 5000);
      const options = { metadata: [], deadline: undefined, signal: new AbortController().signal };
      await session.call('/runtime.v1.RuntimeService/Version', Buffer.alloc(0), options);
      session.close();
      return performance.now() - start;
    };
    const time = await waitFor('the first answer', () => call().catch(() => undefined), { pause: 1 });
    child.kill('SIGKILL');
    return time;
  }

  /** A proxy of its own in front of two runtimes with such lists, for its memory. */
  async extraProxy(list: string): Promise<{ socket: string; pid: number }> {
    const socket = this.path('memory');
    const child = await this.startProxy(this.runtimeFlag('own', list, 2), socket);
    return { socket, pid: child.pid! };
  }

  private path(name: string): string {
    return join(this.folder, name);
  }

  private runtime(name: string, library: string, list: string): string {
    return this.path(`${library}-${name}-${list}`);
  }

  private runtimeFlag(library: string, list: string, runtimes: number): string {
    const first = this.runtime('a', library, list);
    return runtimes === 1 ? first : `${first},b:${this.runtime('b', library, list)}`;
  }

  private proxy(library: string, list: string, runtimes: number): string {
    return this.path(`proxy-${library}-${list}-${runtimes}`);
  }

  private flags(runtimes: string, socket: string): string[] {
    return ['-connect', runtimes, '-listen', socket, '-stateDir', `${socket}.state`];
  }

  private async startRuntime(name: string, library: Library, native: NativePeers | undefined): Promise<void> {
    const socket = (list: string) => this.runtime(name, library, list);
    if (library === 'native') {
      const served = lists[library].map(list => `${socket(list)}=${this.writeAnswers(name, Number(list))}`);
      this.spawn([native!.runtime, ...served]);
    } else {
      const served = lists[library].map(list => `${socket(list)}=${list}`);
      this.spawn([process.execPath, script('canned-runtime.ts'), name, library, ...served]);
    }
    for (const list of lists[library]) await listening(socket(list));
  }

  private async startPipe(): Promise<void> {
    const target = this.runtime('a', 'native', '100');
    this.piped = this.spawn([process.execPath, script('pipe.ts'), this.path('pipe'), target]);
    await listening(this.path('pipe'));
  }

  /** A folder with a file for each method. */
  private writeAnswers(name: string, count: number): string {
    const folder = this.path(`answers-${name}-${count}`);
    mkdirSync(folder);
    for (const [method, answer] of Object.entries(answers(name, count))) writeFileSync(join(folder, method), answer);
    return folder;
  }

  private async startProxy(runtimes: string, socket: string): Promise<ChildProcess> {
    const child = this.spawnProgram(this.flags(runtimes, socket));
    this.proxies.set(socket, child);
    await listening(socket);
    return child;
  }

  private spawnProgram(flags: readonly string[]): ChildProcess {
    return this.spawn([...this.program, ...flags], 'quiet');
  }

  private spawn([command, ...args]: string[], channel: keyof typeof channels = 'ignore'): ChildProcess {
    const child = spawnTied(command!, args, { stdio: channels[channel] });
    this.children.push(child);
    return child;
  }
}

function script(name: string): string {
  return join(import.meta.dirname, name);
}

function listening(path: string): Promise<true> {
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
