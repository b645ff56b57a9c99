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
 * `direct` is one runtime that has the whole node; `pipe` a process on Node that hands its bytes on; `go relay` two hops on grpc-go to two
 * runtimes that have half of it each, as a proxy has.
 */
const otherKinds = ['direct', 'pipe', 'go relay'] as const;
type OtherKind = (typeof otherKinds)[number];

/** A socket that calls go to. */
export interface Target {
  readonly name: string;
  readonly socket: string;
  /** The process in between; undefined for `direct`. */
  readonly child: ChildProcess | undefined;
  /** The runtimes behind it. */
  readonly runtimes: readonly number[];
  /** Bytes that it has logged. */
  logged(): number;
}

/** A daemon with further flags behind those of all daemons; the last one wins. */
export interface ProxyVariant {
  readonly name: string;
  readonly flags?: readonly string[];
  /** A module that is loaded before the program, which is then a bundle. */
  readonly preload?: string;
}

/** The log level that the package's unit sets. */
export const packageLevel = Number(
  /CRIPROXY_ARGS=-v (\d)/.exec(
    readFileSync(join(import.meta.dirname, '../../../debian/criproxy.service'), 'utf8'),
  )?.[1],
);

/** The admin socket of a proxy. */
export function adminSocketOf({ socket }: Target): string {
  return join(`${socket}.state`, 'admin.sock');
}

export interface NodeRigOptions {
  /** Client, runtimes and `go relay` are on grpc-go; undefined: client and runtimes are our own, and there is no `go relay`. */
  readonly native: NativePeers | undefined;
  readonly population: NodePopulation;
  readonly proxies: readonly ProxyVariant[];
  /** Whether targets other than proxies exist. */
  readonly others: boolean;
}

/** A node of canned runtimes with a client like a kubelet, and every kind of process between them. */
export class NodeRig {
  readonly processes = new Processes();
  targets: readonly Target[] = [];
  private readonly options: NodeRigOptions;
  private readonly library: 'own' | 'native';
  private runtimes: ChildProcess[] = [];
  private client: LoadClient | undefined;

  constructor(options: NodeRigOptions) {
    this.options = options;
    this.library = options.native === undefined ? 'own' : 'native';
  }

  async start(): Promise<void> {
    const { native, population, proxies, others } = this.options;
    const [first, second] = population.halves;
    this.runtimes = [
      await this.startRuntime('first', nodeAnswers(first)),
      await this.startRuntime('second', nodeAnswers(second)),
    ];
    this.client =
      native === undefined
        ? nodeClient(this.processes.startPeer('load-client.ts', [], 'ipc'))
        : nativeClient(this.processes.start([native.client], 'pipe'));
    const started = others ? await this.startOthers() : [];
    for (const [at, variant] of proxies.entries()) started.push(await this.startProxy(variant, `proxy-${at}`));
    for (const { socket } of started) await listening(socket);
    this.targets = started;
  }

  stop(): Promise<void> {
    return this.processes.endAll();
  }

  /** All processes, this one too. */
  get pids(): readonly number[] {
    const pids = this.targets.flatMap(({ child, runtimes }) => [
      ...(child === undefined ? [] : [child.pid!]),
      ...runtimes,
    ]);
    return [...new Set([...pids, this.client!.pid, process.pid])];
  }

  get clientPid(): number {
    return this.client!.pid;
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

  /** Makes the lists of containers in both runtimes large, or restores them. */
  switchLists(): void {
    for (const runtime of this.runtimes) runtime.kill('SIGUSR1');
  }

  private target(name: string, path: string, child: ChildProcess | undefined, behind: ChildProcess[]): Target {
    let logged = 0;
    child?.stderr?.on('data', (octets: Buffer) => {
      logged += octets.length;
    });
    const runtimes = behind.map(({ pid }) => pid!);
    return { name, socket: this.processes.path(path), child, runtimes, logged: () => logged };
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

  private async startOthers(): Promise<Target[]> {
    const { native, population } = this.options;
    const whole = await this.startRuntime('whole', nodeAnswers(population.whole));
    const starts: Readonly<Record<OtherKind, () => Target>> = {
      direct: () => this.target('direct', 'whole', undefined, [whole]),
      pipe: () => this.startPipe(whole),
      'go relay': () => this.startRelay(native!),
    };
    return otherKinds.filter(kind => kind !== 'go relay' || native !== undefined).map(kind => starts[kind]());
  }

  private startPipe(whole: ChildProcess): Target {
    const child = this.processes.startPipe(this.processes.path('pipe'), this.processes.path('whole'));
    return this.target('pipe', 'pipe', child, [whole]);
  }

  private startRelay({ relay }: NativePeers): Target {
    const [first, second, own] = ['first', 'second', 'relay'].map(name => this.processes.path(name));
    const child = this.processes.start([relay, own!, first!, second!, `${secondId}__`]);
    return this.target('go relay', 'relay', child, this.runtimes);
  }

  private async startProxy({ name, flags = [], preload }: ProxyVariant, path: string): Promise<Target> {
    const runtimes = `${this.processes.path('first')},${secondId}:${this.processes.path('second')}`;
    const all = [...proxyFlags(runtimes, this.processes.path(path)), '-v', String(packageLevel), ...flags];
    const child = await this.processes.startProgram(all, 'log', preload);
    return this.target(name, path, child, this.runtimes);
  }
}
