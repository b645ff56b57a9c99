import type { LinkedRuntime } from '../../../src/app/generation/linked-runtime.ts';
import type { CallOptions, Reply, ReplyStream } from '../../../src/base/call.ts';
import { realSocket } from '../../../src/transport/sockets/same-socket.ts';
import { ModelPort } from '../../support/fakes/model-port.ts';
import { PodModel, type PodState } from '../../support/fakes/pod-model.ts';

/**
 * The fault of a runtime. `lazy`: it answers after LAZY ms, within the limit of a list; `slow`: after SLOW ms, which is
 * beyond; `filters`: it hangs on lists with a filter.
 */
export type Fault = 'down' | 'hang' | 'error' | 'garbage' | 'slow' | 'lazy' | 'filters';

/** The limit of a list, in ms: -listTimeout. */
export const LIST_TIMEOUT = 1_000;
export const LAZY = 300;
export const SLOW = 1_500;

/** A field that CRI does not have, number 99: an engine lists nothing that has it. */
export const NEW_FIELD = Buffer.from([0x9a, 0x06, 0x01, 0x78]);

/** The delay of the engine's answers, in ms. */
export function delayOf({ fault }: Engine): number {
  return fault === 'lazy' ? LAZY : fault === 'slow' ? SLOW : 0;
}

/** Whether the engine answers a list in time for a client that waits `patience` ms. */
export function isLiveFor(engine: Engine, patience: number, hasFilter: boolean): boolean {
  if (engine.fault === 'filters') return !hasFilter;
  if (engine.fault === 'lazy') return engine.isUp && LAZY < patience / 2;
  return engine.fault === undefined;
}

/** A container runtime at its socket, whatever proxies and configurations connect to it. */
export class Engine {
  readonly name: string;
  readonly path: string;
  readonly state: PodState = { made: 0, pods: new Map(), containers: new Map(), images: new Map() };
  readonly ports = new Set<EnginePort>();
  fault: Fault | undefined;
  /** See AnswerFaults. */
  looksEarly = false;
  /** The answer of the next call that changes something is lost. */
  losesAnswer = false;

  constructor(name: string, path: string) {
    this.name = name;
    this.path = path;
  }

  /** The pods that a client on the engine's own socket sees, without the proxy. */
  get model(): PodModel {
    return new PodModel(this.name, this.state);
  }

  /** Whether a proxy has a connection to it. */
  get isUp(): boolean {
    return [...this.ports].some(({ state }) => state.kind === 'up');
  }

  set(fault: Fault | undefined): void {
    this.fault = fault;
    for (const port of this.ports) port.follow();
  }
}

/** A runtime of a generation, over an engine. */
export class EnginePort extends ModelPort implements LinkedRuntime {
  override readonly path: string;
  override readonly socket: string;
  readonly tried: Promise<void>;
  private readonly engine: Engine;
  private readonly firstTry = Promise.withResolvers<void>();

  constructor(id: string, path: string, engine: Engine, seen: boolean) {
    super(id, { state: engine.state, name: engine.name });
    this.path = path;
    this.socket = realSocket(path);
    this.engine = engine;
    this.tried = this.firstTry.promise;
    this.state = { kind: 'down', since: Date.now(), reason: 'not connected yet', seen };
  }

  noteSeen(): void {
    if (this.state.kind === 'down') this.state = { ...this.state, seen: true };
  }

  start(): void {
    this.engine.ports.add(this);
    this.follow();
  }

  stop(): void {
    if (this.engine.ports.delete(this) && this.state.kind === 'up') this.goDown('stopped');
  }

  async leave(over: Promise<void>): Promise<void> {
    await over;
    this.stop();
  }

  /** Takes over the engine's fault. A port that cannot be greeted is not up. */
  follow(): void {
    const { fault, looksEarly } = this.engine;
    const isWell = fault === undefined || fault === 'filters';
    if (isWell || fault === 'down') this.faults.goOn();
    else this.faults.mode = fault === 'lazy' ? 'slow' : fault;
    this.faults.delay = fault === 'lazy' ? LAZY : SLOW;
    this.faults.looksEarly = looksEarly;
    this.faults.hangsOnFilters = fault === 'filters';
    if (fault === 'down' && this.state.kind === 'up') this.goDown();
    if (isWell && this.state.kind === 'down') this.comeUp();
    if (fault !== 'hang' || this.state.kind === 'up') this.firstTry.resolve();
  }

  override async call(path: string, request: Buffer, options: CallOptions): Promise<Reply> {
    this.faults.losesAnswer = this.engine.losesAnswer;
    const reply = await super.call(path, request, options);
    return this.hidesAll(request) ? { ...reply, message: Buffer.alloc(0) } : reply;
  }

  override stream(path: string, requests: Iterable<Buffer>, options: CallOptions): ReplyStream {
    const [request] = [...requests];
    const messages = super.stream(path, [request!], options);
    const nothing = async function* () {
      for await (const part of messages) yield part.subarray(0, 0);
    };
    return this.hidesAll(request!) ? { ...messages, [Symbol.asyncIterator]: nothing } : messages;
  }

  private hidesAll(request: Buffer): boolean {
    return request.includes(NEW_FIELD) && this.faults.mode !== 'garbage';
  }
}
