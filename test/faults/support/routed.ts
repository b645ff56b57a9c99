import type { CallOptions, Method } from '../../../src/base/call.ts';
import type { Logger } from '../../../src/base/logger.ts';
import { Runtimes } from '../../../src/routing/port/runtimes.ts';
import { routedService } from '../../../src/routing/service.ts';
import { NodeState } from '../../../src/routing/state/node-state.ts';
import { criTypes, type Message } from '../../support/cri-types.ts';
import { methodFact, methodPath, type Package } from '../../support/facts.ts';
import { FakePort } from './fake-port.ts';

/** A logger that keeps its lines; `level` as in `-v`. */
export function keepingLogger(level = 0): Logger & { readonly lines: string[] } {
  const lines: string[] = [];
  return {
    lines,
    enabled: at => at <= level,
    info: (at, message) => void (at <= level && lines.push(message)),
    warn: message => void lines.push(message),
    error: message => void lines.push(message),
  };
}

export interface RoutedOptions {
  readonly ports?: readonly [FakePort, ...FakePort[]];
  readonly listTimeout?: number;
  readonly primaryWait?: number;
  readonly maxAge?: number;
  readonly package?: Package;
}

/** The routed service over runtimes without sockets, and a client of it. */
export class Routed {
  readonly ports: readonly FakePort[];
  readonly runtimes: Runtimes;
  readonly node: NodeState;
  readonly log = keepingLogger();
  readonly package: Package;
  private readonly serve: (path: string) => Method | undefined;

  constructor(options: RoutedOptions = {}) {
    const ports = options.ports ?? [new FakePort(''), new FakePort('alt')];
    this.ports = ports;
    this.package = options.package ?? 'runtime.v1';
    this.runtimes = new Runtimes(ports);
    this.node = new NodeState(this.runtimes, options.maxAge, this.log);
    const { listTimeout = 60, primaryWait = 30 } = options;
    const settings = { streamBase: 'http://127.0.0.1:1', listTimeout, primaryWait };
    this.serve = routedService(this.runtimes, settings, this.node, this.log);
  }

  get primary(): FakePort {
    return this.ports[0]!;
  }

  get alt(): FakePort {
    return this.ports[1]!;
  }

  /** Brings the runtimes up and waits until their lists are in the snapshots. */
  async up(...ports: FakePort[]): Promise<void> {
    for (const port of ports.length > 0 ? ports : this.ports) port.up();
    await settled();
  }

  /** Rejects with a ProxyError. */
  async call(method: string, request: Message = {}, options: Partial<CallOptions> = {}): Promise<Message> {
    const { request: from, response } = methodFact(method);
    const types = criTypes(this.package);
    const served = this.serve(methodPath(method, this.package));
    if (served?.kind !== 'unary') throw new Error(`${method} is not unary`);
    const reply = await served.handle(types.encode(from, request), callOptions(options));
    return types.decode(response, reply.message, { defaults: true });
  }

  /** The code and message of a call that fails; code 0 for one that does not. */
  async fault(method: string, request: Message = {}, options: Partial<CallOptions> = {}): Promise<Message> {
    return this.call(method, request, options).then(
      () => ({ code: 0, message: '' }),
      ({ code, message }) => ({ code, message }),
    );
  }

  async *stream(method: string, request: Message = {}, options: Partial<CallOptions> = {}): AsyncGenerator<Message> {
    const { request: from, response } = methodFact(method);
    const types = criTypes(this.package);
    const served = this.serve(methodPath(method, this.package));
    if (served?.kind !== 'stream') throw new Error(`${method} does not stream`);
    for await (const message of served.handle([types.encode(from, request)], callOptions(options)))
      yield types.decode(response, message, { defaults: true });
  }

  async ids(list: 'ListPodSandbox' | 'ListContainers' | 'ListImages', filter?: Message): Promise<string[]> {
    return itemsOf(await this.call(list, filter === undefined ? {} : { filter }))
      .map(item => item['id'])
      .sort();
  }

  stop(): void {
    this.node.stop();
  }
}

/** The items of a list's answer, of any list. */
export function itemsOf(answer: Message): Message[] {
  return Object.values(answer)[0];
}

/** Lets everything happen that waits for no timer. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise(resolve => setImmediate(resolve));
}

function callOptions(options: Partial<CallOptions>): CallOptions {
  return { metadata: [], deadline: undefined, signal: new AbortController().signal, ...options };
}

/** The configuration of a pod for RunPodSandbox; with `alt`, in the secondary. */
export function podConfig(name: string, alt = false, labels: Record<string, string> = {}): Message {
  const annotations = alt ? { 'kubernetes.io/target-runtime': 'alt' } : {};
  return { config: { metadata: { name, uid: `uid-${name}`, namespace: 'tests' }, labels, annotations } };
}

/** The configuration of a container for CreateContainer. */
export function containerConfig(pod: string, name: string, labels: Record<string, string> = {}): Message {
  const image = { image: pod.startsWith('alt__') ? 'alt/busybox' : 'busybox' };
  return {
    pod_sandbox_id: pod,
    config: { metadata: { name }, image, labels },
    sandbox_config: podConfig(name)['config'],
  };
}
