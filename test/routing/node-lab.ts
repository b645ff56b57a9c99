import type { CallOptions } from '../../src/base/call.ts';
import { Code } from '../../src/base/codes.ts';
import { ProxyError } from '../../src/base/error.ts';
import type { HandlerRow } from '../../src/routing/port/handlers.ts';
import type { RoutingSettings } from '../../src/routing/port/routing-settings.ts';
import type { Runtime, RuntimeState } from '../../src/routing/port/runtime.ts';
import { Runtimes } from '../../src/routing/port/runtimes.ts';
import { routedService } from '../../src/routing/service.ts';
import { NodeState } from '../../src/routing/state/node-state.ts';
import { criTypes, type Message } from '../support/cri-types.ts';
import { methodFact, methodPath, type Package } from '../support/facts.ts';
import { limit } from '../support/virtual-time.ts';
import { placeOf } from './fakes.ts';

/** What a method is answered with: a message, or a list of them for a stream. Throws a ProxyError to fail. */
export type Answer = (request: Message) => Message | Message[] | Promise<Message>;

/** A runtime that is a table of answers, and what it was asked. Lists that are not in the table are empty. */
export interface FakeRuntime extends Runtime {
  readonly answers: Record<string, Answer>;
  readonly journal: { method: string; request: Message }[];
  /** The requests of one method. */
  asked(method: string): Message[];
  comeUp(packages?: readonly Package[]): void;
  goDown(): void;
}

export interface Node {
  /** By id, the primary's is empty. */
  readonly runtimes: Readonly<Record<string, FakeRuntime>>;
  readonly state: NodeState;
  readonly warnings: string[];
  call(method: string, request?: Message, pkg?: Package): Promise<Message>;
  /** The code and text that a call fails with. */
  fault(method: string, request?: Message): Promise<{ code: number; message: string }>;
  stream(method: string, request?: Message): Promise<Message[]>;
  stop(): void;
}

export interface NodeOptions {
  readonly handlers?: readonly HandlerRow[];
  /** Ids by other values of the pod annotation. */
  readonly annotations?: ReadonlyMap<string, string>;
  readonly settings?: Partial<RoutingSettings>;
  readonly answers?: Readonly<Record<string, Record<string, Answer>>>;
  readonly packages?: Readonly<Record<string, readonly Package[]>>;
  /** Runtimes that were never up. */
  readonly down?: readonly string[];
}

const emptyLists = ['ListPodSandbox', 'ListContainers', 'ListImages'];

/** A service over fakes, without a transport. The first id is the primary's and empty. */
export function startNode(ids: readonly string[], options: NodeOptions = {}): Node {
  const all = ids.map(id =>
    fake(id, options.answers?.[id] ?? {}, options.packages?.[id] ?? ['runtime.v1'], !options.down?.includes(id)),
  );
  const warnings: string[] = [];
  const log = {
    enabled: () => false,
    info: () => {},
    warn: (text: string) => void warnings.push(text),
    error: () => {},
  };
  const runtimes = new Runtimes(all as unknown as [Runtime], options.handlers, options.annotations);
  const state = new NodeState(runtimes, undefined, log);
  const settings = {
    streamBase: 'http://10.0.0.5:11250',
    primaryWait: limit(50),
    listTimeout: limit(200),
    ...options.settings,
  };
  const service = routedService(runtimes, settings, state, log);
  const open = (): CallOptions => ({ metadata: [], deadline: undefined, signal: new AbortController().signal });
  const send = async (method: string, request: Message, pkg: Package): Promise<Message> => {
    const served = service(methodPath(method, pkg))!;
    if (served.kind !== 'unary') throw new Error(`${method} streams`);
    const { message } = await served.handle(criTypes(pkg).encode(methodFact(method).request, request), open());
    return criTypes(pkg).decode(methodFact(method).response, message, { defaults: true });
  };
  return {
    runtimes: Object.fromEntries(all.map(each => [each.id, each])),
    state,
    warnings,
    call: (method, request = {}, pkg = 'runtime.v1') => send(method, request, pkg),
    async fault(method, request = {}) {
      const outcome = await send(method, request, 'runtime.v1').catch((fault: unknown) => fault);
      if (!(outcome instanceof ProxyError)) throw new Error(`${method} did not fail: ${String(outcome)}`);
      return { code: outcome.code, message: outcome.message };
    },
    async stream(method, request = {}) {
      const served = service(methodPath(method, 'runtime.v1'))!;
      if (served.kind !== 'stream') throw new Error(`${method} is unary`);
      const types = criTypes('runtime.v1');
      const messages: Message[] = [];
      for await (const bytes of served.handle([types.encode(methodFact(method).request, request)], open()))
        messages.push(types.decode(methodFact(method).response, bytes, { defaults: true }));
      return messages;
    },
    stop: () => state.stop(),
  };
}

function fake(id: string, answers: Record<string, Answer>, packages: readonly Package[], isUp: boolean): FakeRuntime {
  const journal: FakeRuntime['journal'] = [];
  const listeners = new Set<(state: RuntimeState) => void>();
  let state: RuntimeState = isUp
    ? { kind: 'up', since: 1_000, packages }
    : { kind: 'down', since: 0, reason: 'there is no socket', seen: false };
  const change = (next: RuntimeState) => {
    state = next;
    for (const listener of listeners) listener(next);
  };
  const answer = async (path: string, request: Buffer): Promise<Buffer[]> => {
    if (state.kind === 'down') throw new ProxyError(Code.Unavailable, `${id} is down`);
    const [pkg, method] = /^\/(.*)\.\w+\/(\w+)$/.exec(path)!.slice(1) as [Package, string];
    const types = criTypes(pkg);
    const fact = methodFact(method);
    const message = types.decode(fact.request, request);
    journal.push({ method, request: message });
    const row = answers[method] ?? (emptyLists.includes(method) ? () => ({}) : undefined);
    if (row === undefined) throw new ProxyError(Code.Unimplemented, `unknown method ${method}`);
    return [await row(message)].flat().map(each => types.encode(fact.response, each));
  };
  return {
    id,
    ...placeOf(id),
    answers,
    journal,
    asked: method => journal.filter(entry => entry.method === method).map(entry => entry.request),
    get state() {
      return state;
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async call(path, request) {
      const [message] = await answer(path, request);
      return { message: message!, headers: [], trailers: [] };
    },
    stream: (path, requests) => ({
      headers: Promise.resolve([]),
      trailers: [],
      async *[Symbol.asyncIterator]() {
        yield* await answer(path, (requests as Buffer[])[0]!);
      },
    }),
    comeUp: (served = packages) => change({ kind: 'up', since: 2_000, packages: served }),
    goDown: () => change({ kind: 'down', since: 2_000, reason: 'it was killed', seen: true }),
  };
}

/** A failure of a runtime's own. */
export function failure(code: number, message: string): ProxyError {
  return new ProxyError(code, message);
}
