import type { CallOptions, Reply, ReplyStream, Service } from '../../src/base/call.ts';
import { EndingCall } from '../../src/base/ending-call.ts';
import { ProxyError } from '../../src/base/error.ts';
import type { Logger } from '../../src/base/logger.ts';
import type { HandlerRow } from '../../src/routing/port/handlers.ts';
import type { RoutingSettings } from '../../src/routing/port/routing-settings.ts';
import type { Runtime } from '../../src/routing/port/runtime.ts';
import { Runtimes } from '../../src/routing/port/runtimes.ts';
import { routedService } from '../../src/routing/service.ts';
import { NodeState } from '../../src/routing/state/node-state.ts';
import { criTypes, type Message } from '../support/cri-types.ts';
import { methodFact, methodPath, type Package } from '../support/facts.ts';
import { limit } from '../support/virtual-time.ts';

export interface LogLine {
  readonly severity: 'info' | 'warn' | 'error';
  readonly level: number;
  readonly message: string;
  readonly fields: unknown;
}

/** A client of the routed service, without a transport. */
export interface Lab {
  readonly log: LogLine[];
  readonly node: NodeState;
  readonly service: Service;
  /** Sends bytes; rejects with a ProxyError. */
  send(method: string, request: Buffer, options?: AskOptions): Promise<Reply>;
  /** Sends a message and decodes the answer, with defaults. */
  call(method: string, request?: Message, options?: AskOptions): Promise<Message>;
  /** The error of a call that must fail. */
  fault(method: string, request?: Message | Buffer, options?: AskOptions): Promise<ProxyError>;
  /** The messages of a streaming call, as bytes. */
  stream(method: string, request?: Message | Buffer, options?: AskOptions): AsyncGenerator<Buffer>;
  /** A streaming call with its metadata. */
  open(method: string, request?: Message | Buffer, options?: AskOptions): ReplyStream;
  /** Cancels every call that has no signal of its own. */
  stop(): void;
}

export interface AskOptions extends Partial<CallOptions> {
  readonly pkg?: Package;
}

const streamBase = 'http://10.0.0.5:11250';

/** The first runtime is the primary. `level`: the level of the log; the default is 5. */
export function startLab(
  runtimes: readonly [Runtime, ...Runtime[]],
  settings: Partial<RoutingSettings> & { level?: number; maxSnapshotAge?: number } = {},
  handlers: readonly HandlerRow[] = [],
  annotations: ReadonlyMap<string, string> = new Map(),
): Lab {
  const { level = 5, maxSnapshotAge, ...others } = settings;
  const log: LogLine[] = [];
  const logger = collectLog(log, level);
  const all = new Runtimes(runtimes, handlers, annotations);
  const node = new NodeState(all, maxSnapshotAge, logger);
  const service = routedService(
    all,
    { streamBase, primaryWait: limit(100), listTimeout: limit(100), ...others },
    node,
    logger,
  );
  const methodOf = (method: string, pkg: Package) => {
    const found = service(methodPath(method, pkg));
    if (found === undefined) throw new Error(`no method ${method} in ${pkg}`);
    return found;
  };
  const encode = (method: string, pkg: Package, request: Message | Buffer) =>
    Buffer.isBuffer(request) ? request : criTypes(pkg).encode(methodFact(method).request, request);
  // Streams and calls that a test leaves open end with the lab.
  const over = new AbortController();
  const optionsOf = (options: Partial<CallOptions>) => callOptions({ signal: over.signal, ...options });
  const lab: Lab = {
    log,
    node,
    service,
    async send(method, request, { pkg = 'runtime.v1', ...options } = {}) {
      const found = methodOf(method, pkg);
      if (found.kind !== 'unary') throw new Error(`${method} is a stream`);
      return found.handle(request, optionsOf(options));
    },
    async call(method, request = {}, options = {}) {
      const pkg = options.pkg ?? 'runtime.v1';
      const reply = await lab.send(method, encode(method, pkg, request), options);
      return criTypes(pkg).decode(methodFact(method).response, reply.message, { defaults: true });
    },
    async fault(method, request = {}, options = {}) {
      const pkg = options.pkg ?? 'runtime.v1';
      const fault = await lab.send(method, encode(method, pkg, request), options).then(
        () => undefined,
        (error: unknown) => error,
      );
      if (fault instanceof ProxyError) return fault;
      throw fault ?? new Error(`${method} was answered`);
    },
    async *stream(method, request, options) {
      yield* lab.open(method, request, options);
    },
    open(method, request = {}, { pkg = 'runtime.v1', ...options } = {}) {
      const found = methodOf(method, pkg);
      if (found.kind !== 'stream') throw new Error(`${method} is unary`);
      return found.handle([encode(method, pkg, request)], optionsOf(options));
    },
    stop() {
      over.abort();
      node.stop();
    },
  };
  return lab;
}

export function callOptions(options: Partial<CallOptions> = {}): CallOptions {
  const { metadata = [], deadline, userAgent, account, watched, waitsFor, signal } = options;
  const call = new EndingCall(metadata, deadline, userAgent, account);
  Object.assign(call, { watched, waitsFor });
  const end = () => call.cancel(signal!.reason);
  if (signal?.aborted === true) end();
  else signal?.addEventListener('abort', end, { once: true });
  return call;
}

function collectLog(log: LogLine[], enabledTo: number): Logger {
  const add = (severity: LogLine['severity'], level: number, message: string, fields?: unknown) =>
    void log.push({ severity, level, message, fields });
  return {
    enabled: level => level <= enabledTo,
    info: (level, message, fields) => level <= enabledTo && add('info', level, message, fields),
    warn: message => add('warn', 0, message),
    error: message => add('error', 0, message),
  };
}

/** Lets everything happen that needs no time to pass. */
export function settle(): Promise<void> {
  return new Promise(resolve => setImmediate(() => setImmediate(resolve)));
}

/** The messages that a stream brings before it ends. */
export async function readAll(stream: AsyncIterable<Buffer>): Promise<Buffer[]> {
  const out: Buffer[] = [];
  for await (const message of stream) out.push(message);
  return out;
}
