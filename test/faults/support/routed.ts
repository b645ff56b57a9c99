import type { CallOptions } from '../../../src/base/call.ts';
import type { Logger } from '../../../src/base/logger.ts';
import type { NodeState } from '../../../src/routing/state/node-state.ts';
import { type Lab, startLab } from '../../routing/lab.ts';
import { criTypes, type Message } from '../../support/cri-types.ts';
import { methodFact, type Package } from '../../support/facts.ts';
import { ModelPort } from '../../support/fakes/model-port.ts';

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
  readonly ports?: readonly [ModelPort, ...ModelPort[]];
  readonly listTimeout?: number;
  readonly primaryWait?: number;
  readonly maxAge?: number;
  readonly package?: Package;
}

/** The routing lab over runtimes that keep pods. */
export class Routed {
  readonly ports: readonly ModelPort[];
  readonly node: NodeState;
  readonly package: Package;
  private readonly lab: Lab;

  constructor(options: RoutedOptions = {}) {
    const ports = options.ports ?? [new ModelPort(''), new ModelPort('alt')];
    this.ports = ports;
    this.package = options.package ?? 'runtime.v1';
    const { listTimeout = 60, primaryWait = 30, maxAge } = options;
    const bound = maxAge === undefined ? {} : { maxSnapshotAge: maxAge };
    this.lab = startLab(ports, { level: 0, listTimeout, primaryWait, ...bound });
    this.node = this.lab.node;
  }

  /** The messages of the log. */
  get logged(): string[] {
    return this.lab.log.map(({ message }) => message);
  }

  get primary(): ModelPort {
    return this.ports[0]!;
  }

  get alt(): ModelPort {
    return this.ports[1]!;
  }

  /** Brings the runtimes up and waits until their lists are in the snapshots. */
  async up(...ports: ModelPort[]): Promise<void> {
    for (const port of ports.length > 0 ? ports : this.ports) port.comeUp();
    await settled();
  }

  /** Rejects with a ProxyError. */
  call(method: string, request: Message = {}, options: Partial<CallOptions> = {}): Promise<Message> {
    return this.lab.call(method, request, { ...options, pkg: this.package });
  }

  /** The code and message of a call that fails; code 0 for one that does not. */
  async fault(method: string, request: Message = {}, options: Partial<CallOptions> = {}): Promise<Message> {
    return this.call(method, request, options).then(
      () => ({ code: 0, message: '' }),
      ({ code, message }) => ({ code, message }),
    );
  }

  async *stream(method: string, request: Message = {}, options: Partial<CallOptions> = {}): AsyncGenerator<Message> {
    const types = criTypes(this.package);
    for await (const message of this.lab.stream(method, request, { ...options, pkg: this.package }))
      yield types.decode(methodFact(method).response, message, { defaults: true });
  }

  async ids(list: 'ListPodSandbox' | 'ListContainers' | 'ListImages', filter?: Message): Promise<string[]> {
    return itemsOf(await this.call(list, filter === undefined ? {} : { filter }))
      .map(item => item['id'])
      .sort();
  }

  stop(): void {
    this.lab.stop();
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
