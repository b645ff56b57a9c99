import type { ChildProcess } from 'node:child_process';
import { makeDial } from '../../src/transport/grpc/client/client.ts';
import { waitFor } from '../support/child.ts';
import type { Case, Library } from './cases.ts';
import { answers } from './messages.ts';
import { writeAnswers } from './peers/answers.ts';
import { type LoadClient, nativeClient, nodeClient } from './peers/clients.ts';
import type { Job, JobResult } from './peers/load-client.ts';
import type { NativePeers } from './peers/native-peers.ts';
import { listening, Processes, proxyFlags } from './processes.ts';

/** The lists of the runtimes, with proxies in front of one and two of them; see Case. */
const lists = { own: ['100', '500', '100~', '500~'], 'grpc-js': ['100'], native: ['100', '100~'] } as const;

/** The processes that the cases are measured with. */
export class Rig {
  private readonly processes = new Processes();
  private readonly proxies = new Map<string, ChildProcess>();
  /** Sockets of proxies that have been busy. */
  readonly warmed = new Set<string>();
  private client: LoadClient | undefined;
  private nativeClient: LoadClient | undefined;
  private relayed: ChildProcess | undefined;
  private piped: ChildProcess | undefined;

  /** Starts runtimes, proxies, relay and clients; with native peers, their processes too. */
  async start(native: NativePeers | undefined): Promise<void> {
    const libraries: readonly Library[] = native === undefined ? ['own', 'grpc-js'] : ['own', 'grpc-js', 'native'];
    for (const library of libraries) {
      for (const name of ['a', 'b']) await this.startRuntime(name, library, native);
      for (const list of lists[library]) {
        for (const runtimes of [1, 2])
          await this.startProxy(this.runtimeFlag(library, list, runtimes), this.proxy(library, list, runtimes));
      }
    }
    this.relayed = this.processes.startPeer('grpcjs-relay.ts', [
      this.processes.path('relay'),
      this.runtime('a', 'own', '100'),
    ]);
    await listening(this.processes.path('relay'));
    this.client = nodeClient(this.processes.startPeer('load-client.ts', [], 'ipc'));
    if (native === undefined) return;
    this.piped = this.processes.startPipe(this.processes.path('pipe'), this.runtime('a', 'native', '100'));
    await listening(this.processes.path('pipe'));
    this.nativeClient = nativeClient(this.processes.start([native.client], 'pipe'));
  }

  /** Ends everything. */
  stop(): Promise<void> {
    return this.processes.endAll();
  }

  /** The socket that a case's calls go to, and the process in between. */
  target(row: Case, kind: 'direct' | 'proxy' | 'relay' | 'pipe'): { socket: string; pid: number | undefined } {
    if (kind === 'relay') return { socket: this.processes.path('relay'), pid: this.relayed?.pid };
    if (kind === 'pipe') return { socket: this.processes.path('pipe'), pid: this.piped?.pid };
    if (kind === 'direct') return { socket: this.runtime('a', row.library, row.list), pid: undefined };
    const socket = this.proxy(row.library, row.list, row.runtimes);
    return { socket, pid: this.proxies.get(socket)?.pid };
  }

  load(job: Job): Promise<JobResult> {
    return (job.library === 'native' ? this.nativeClient! : this.client!).run(job);
  }

  /** Milliseconds from the start of a proxy to its first answer. */
  async timeStart(round: number): Promise<number> {
    const socket = this.processes.path(`start-${round}`);
    const flags = proxyFlags(this.runtimeFlag('own', '100', 1), socket);
    const start = performance.now();
    const child = await this.processes.startProgram(flags, 'quiet');
    const call = async () => {
      const session = await makeDial({})(socket, 5000);
      const options = { metadata: [], deadline: undefined, signal: new AbortController().signal };
      await session.call('/runtime.v1.RuntimeService/Version', Buffer.alloc(0), options);
      session.close();
      return performance.now() - start;
    };
    const time = await waitFor('the first answer', () => call().catch(() => undefined), { pause: 1 });
    await this.processes.end(child);
    return time;
  }

  private runtime(name: string, library: string, list: string): string {
    return this.processes.path(`${library}-${name}-${list}`);
  }

  private runtimeFlag(library: string, list: string, runtimes: number): string {
    const first = this.runtime('a', library, list);
    return runtimes === 1 ? first : `${first},b:${this.runtime('b', library, list)}`;
  }

  private proxy(library: string, list: string, runtimes: number): string {
    return this.processes.path(`proxy-${library}-${list}-${runtimes}`);
  }

  private async startRuntime(name: string, library: Library, native: NativePeers | undefined): Promise<void> {
    const served = lists[library].map(list => `${this.runtime(name, library, list)}=${this.answersFile(name, list)}`);
    if (library === 'native') this.processes.start([native!.runtime, ...served]);
    else this.processes.startPeer('canned-runtime.ts', [library, ...served]);
    for (const list of lists[library]) await listening(this.runtime(name, library, list));
  }

  private answersFile(name: string, list: string): string {
    const file = this.processes.path(`answers-${name}-${list}.json`);
    writeAnswers(file, answers(name, Number.parseInt(list, 10), list.endsWith('~')));
    return file;
  }

  private async startProxy(runtimes: string, socket: string): Promise<void> {
    const child = await this.processes.startProgram(proxyFlags(runtimes, socket), 'quiet');
    this.proxies.set(socket, child);
    await listening(socket);
  }
}
