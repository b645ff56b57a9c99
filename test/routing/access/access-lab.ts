import type { CallOptions, Service } from '../../../src/base/call.ts';
import { ProxyError } from '../../../src/base/error.ts';
import type { AccessRules } from '../../../src/routing/access/access-rules.ts';
import { restrictedService } from '../../../src/routing/access/restricted-service.ts';
import { criTypes, type Message } from '../../support/cri-types.ts';
import { methodFact, methodPath, type Package } from '../../support/facts.ts';
import type { FakeRuntime } from '../fakes.ts';
import { callOptions, startLab } from '../lab.ts';

export const SOCKET = '/run/criproxy-read.sock';

/** A client of a socket with these rules, without a transport. */
export interface SocketClient {
  /** The decoded messages of the answer; a unary call has one. Rejects with a ProxyError. */
  ask(method: string, request?: Message | Buffer): Promise<Message[]>;
  /** The code of a call: 0 if it succeeds. */
  code(method: string, request?: Message | Buffer): Promise<number>;
  /** Begins a stream. `begun` resolves with the fault it has ended with, or once it has asked for its first message. */
  follow(method: string): { readonly begun: Promise<unknown>; leave(): void };
  revoke(): void;
  stop(): void;
}

export function rulesOf(rules: Partial<AccessRules> = {}): AccessRules {
  return { socket: SOCKET, allow: ['all'], redact: false, namespaces: undefined, rate: undefined, ...rules };
}

export function clientOf(service: Service, rules: Partial<AccessRules>, pkg: Package = 'runtime.v1'): SocketClient {
  const over = new AbortController();
  const options = (): CallOptions => callOptions({ signal: over.signal });
  const restricted = restrictedService(service, rulesOf(rules));
  const types = criTypes(pkg);
  const client: SocketClient = {
    async ask(method, request = {}) {
      const { request: sent, response } = methodFact(method);
      const bytes = Buffer.isBuffer(request) ? request : types.encode(sent, request);
      const found = restricted.service(methodPath(method, pkg))!;
      const messages: Buffer[] = [];
      if (found.kind === 'unary') messages.push((await found.handle(bytes, options())).message);
      else for await (const message of found.handle([bytes], options())) messages.push(message);
      return messages.map(message => types.decode(response, message, { defaults: true }));
    },
    code: (method, request) =>
      client.ask(method, request).then(
        () => 0,
        fault => ProxyError.from(fault).code,
      ),
    follow(method) {
      const left = new AbortController();
      const found = restricted.service(methodPath(method, pkg))!;
      if (found.kind !== 'stream') throw new Error(`${method} is no stream`);
      const signal = AbortSignal.any([left.signal, over.signal]);
      const reading = found
        .handle([Buffer.alloc(0)], callOptions({ signal }))
        [Symbol.asyncIterator]()
        .next();
      const ended = reading.then(
        () => undefined,
        fault => fault,
      );
      return { begun: Promise.race([ended, new Promise(resolve => setImmediate(resolve))]), leave: () => left.abort() };
    },
    revoke: () => restricted.revoke(),
    stop: () => over.abort(),
  };
  return client;
}

/** A socket over the routed service of these runtimes. */
export function startSocket(
  runtimes: readonly [FakeRuntime, ...FakeRuntime[]],
  rules: Partial<AccessRules>,
  pkg?: Package,
): SocketClient & { readonly node: SocketClient } {
  const lab = startLab(runtimes, { level: 0 });
  // The timers of the proxy keep no process alive, and there is no connection here that does.
  const alive = setInterval(() => {}, 1_000);
  const client = clientOf(lab.service, rules, pkg);
  return {
    ...client,
    node: clientOf(lab.service, {}, pkg),
    stop() {
      clearInterval(alive);
      client.stop();
      lab.stop();
    },
  };
}
