import type { ChildProcess } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Answers, writeAnswers } from '../peers/answers.ts';
import { type LoadClient, nativeClient, nodeClient } from '../peers/clients.ts';
import type { NativePeers } from '../peers/native-peers.ts';
import type { Plan } from '../peers/plan.ts';
import { listening, Processes, proxyFlags } from '../processes.ts';
import { nodeAnswers } from './node-answers.ts';
import { type NodePopulation, secondId } from './population.ts';

/**
 * `direct` is one runtime that has the whole node; `pipe` a process on Node that hands its bytes on; `proxy` the program in front of
 * two runtimes that have half of it each; `go relay` two hops on grpc-go to the same.
 */
export const targetKinds = ['direct', 'pipe', 'proxy', 'go relay'] as const;
export type TargetKind = (typeof targetKinds)[number];

export interface Target {
  readonly kind: TargetKind;
  readonly socket: string;
  /** The process in between; undefined for `direct`. */
  readonly pid: number | undefined;
  /** The runtimes behind it. */
  readonly runtimes: readonly number[];
  /** Bytes that it has logged. */
  logged(): number;
}

/** The log level that the package's unit sets. */
export const packageLevel = Number(
  /CRIPROXY_ARGS=-v (\d)/.exec(
    readFileSync(join(import.meta.dirname, '../../../debian/criproxy.service'), 'utf8'),
  )?.[1],
);

export interface NodeRigOptions {
  readonly native: NativePeers | undefined;
  readonly population: NodePopulation;
  /** More flags of the proxy; later ones win. */
  readonly flags?: readonly string[];
  readonly nodeFlags?: readonly string[];
}

/** A node of canned runtimes with a client as a kubelet is, and all that can be between them. */
export class NodeRig {
  private readonly processes = new Processes();
  private readonly library: 'own' | 'native';
  private runtimes: ChildProcess[] = [];
  private client: LoadClient | undefined;
  private proxy: ChildProcess | undefined;
  targets: readonly Target[] = [];

  private readonly options: NodeRigOptions;

  constructor(options: NodeRigOptions) {
    this.options = options;
    this.library = options.native === undefined ? 'own' : 'native';
  }

  async start(kinds: readonly TargetKind[]): Promise<void> {
    const { native, population } = this.options;
    const [first, second] = population.halves;
    const whole = await this.startRuntime('whole', nodeAnswers(population.whole));
    const one = await this.startRuntime('first', nodeAnswers(first));
    const other = await this.startRuntime('second', nodeAnswers(second));
    this.runtimes = [one, other];
    const client = native === undefined ? this.processes.startPeer('load-client.ts', [], 'ipc') : undefined;
    this.client = client ? nodeClient(client) : nativeClient(this.processes.start([native!.client], 'pipe'));
    const starts: Readonly<Record<TargetKind, () => Target | Promise<Target>>> = {
      direct: () => this.target('direct', 'whole', undefined, [whole]),
      pipe: () => this.startPipe(whole),
      proxy: () => this.startProxy(),
      'go relay': () => this.startRelay(native!),
    };
    const started: Target[] = [];
    for (const kind of kinds) if (kind !== 'go relay' || native !== undefined) started.push(await starts[kind]());
    for (const { socket } of started) await listening(socket);
    this.targets = started;
  }

  stop(): Promise<void> {
    return this.processes.endAll();
  }

  /** All processes, this one too. */
  get pids(): readonly number[] {
    const pids = this.targets.flatMap(({ pid, runtimes }) => [...(pid === undefined ? [] : [pid]), ...runtimes]);
    return [...new Set([...pids, this.client!.pid, process.pid])];
  }

  get clientPid(): number {
    return this.client!.pid;
  }

  /** The proxy's process, with an IPC channel. */
  get proxyProcess(): ChildProcess {
    return this.proxy!;
  }

  /** Writes a plan where the client finds it. */
  writePlan(name: string, plan: Plan): string {
    const file = this.processes.path(`${name}.plan.json`);
    writeFileSync(file, JSON.stringify(plan));
    return file;
  }

  play(plan: string, { socket }: Target, speed = 1) {
    return this.client!.play({ plan, socket, library: this.library, speed });
  }

  /** One call after another. */
  call(path: string, request: Buffer, { socket }: Target, calls: number) {
    const job = { socket, library: this.library, path, request: request.toString('base64'), parallel: 1, calls };
    return this.client!.run(job);
  }

  /** From now on the lists of containers in both runtimes are large, or what they were before. */
  switchLists(): void {
    for (const runtime of this.runtimes) runtime.kill('SIGUSR1');
  }

  private target(kind: TargetKind, name: string, child: ChildProcess | undefined, behind: ChildProcess[]): Target {
    let logged = 0;
    child?.stderr?.on('data', (octets: Buffer) => {
      logged += octets.length;
    });
    return {
      kind,
      socket: this.processes.path(name),
      pid: child?.pid,
      runtimes: behind.map(({ pid }) => pid!),
      logged: () => logged,
    };
  }

  private async startRuntime(name: string, answers: Answers): Promise<ChildProcess> {
    const { native } = this.options;
    const file = this.processes.path(`${name}.json`);
    writeAnswers(file, answers);
    const served = `${this.processes.path(name)}=${file}`;
    const child =
      native === undefined
        ? this.processes.startPeer('canned-runtime.ts', ['own', served])
        : this.processes.start([native.runtime, served]);
    await listening(this.processes.path(name));
    return child;
  }

  private startPipe(whole: ChildProcess): Target {
    const child = this.processes.startPeer('pipe.ts', [this.processes.path('pipe'), this.processes.path('whole')]);
    return this.target('pipe', 'pipe', child, [whole]);
  }

  private async startProxy(): Promise<Target> {
    const { flags = [], nodeFlags } = this.options;
    const runtimes = `${this.processes.path('first')},${secondId}:${this.processes.path('second')}`;
    const all = [...proxyFlags(runtimes, this.processes.path('proxy')), '-v', String(packageLevel), ...flags];
    this.proxy = await this.processes.startProgram(all, 'log', nodeFlags);
    return this.target('proxy', 'proxy', this.proxy, this.runtimes);
  }

  private startRelay({ relay }: NativePeers): Target {
    const [first, second, own] = ['first', 'second', 'relay'].map(name => this.processes.path(name));
    const child = this.processes.start([relay, own!, first!, second!, `${secondId}__`]);
    return this.target('go relay', 'relay', child, this.runtimes);
  }
}
