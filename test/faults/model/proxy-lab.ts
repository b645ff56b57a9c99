import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { CallOptions, Method } from '../../../src/base/call.ts';
import { ProxyError } from '../../../src/base/error.ts';
import type { Logger } from '../../../src/base/logger.ts';
import type { ProxyConfig } from '../../../src/config/proxy-config.ts';
import type { IdForm } from '../../../src/routing/port/routing-settings.ts';
import { configOfFlags } from '../../support/config-of-flags.ts';
import { criTypes, type Message } from '../../support/cri-types.ts';
import { methodFact, methodPath } from '../../support/facts.ts';
import { outcomeOf, settled } from '../../support/virtual-time.ts';
import { type Engine, LIST_TIMEOUT } from './engine.ts';
import { EngineProxy } from './engine-proxy.ts';

/** A runtime of a configuration. `alias`: the configuration names its socket by another path. */
export interface Party {
  readonly id: string;
  readonly engine: Engine;
  readonly alias?: boolean;
}

/** The primary is the first. */
export interface Config {
  readonly parties: readonly [Party, ...Party[]];
  readonly ids: IdForm;
  /** The engine for pods that name no runtime; the primary, if left out or not in the configuration. */
  readonly placement?: Engine;
}

/** The end of a call. */
export interface Answer {
  readonly method: string;
  /** 0 for OK. */
  readonly code: number;
  readonly text: string;
  /** The answer; empty unless the call is OK. */
  readonly message: Message;
  /** The time that the client has waited, in ms. */
  readonly took: number;
}

export interface AskOptions {
  /** The longest time that the client waits, in ms. */
  readonly patience: number;
  /** Bytes behind the request. */
  readonly more?: Buffer;
}

/** The patience of the two clients, in ms: of a kubelet, and of a probe. */
export const PATIENT = 8_000;
export const HASTY = 200;

const DEADLINE_EXCEEDED = 4;
const INTERNAL = 13;

/** An EngineProxy in virtual time; its files are in memory where the machine has a /dev/shm. */
export class ProxyLab extends EngineProxy {
  readonly engines: readonly Engine[];
  readonly logged: string[] = [];

  constructor(base: string, engines: readonly string[]) {
    super(base);
    symlinkSync('run', join(this.folder, 'var-run'));
    this.engines = engines.map(name => this.engine(name));
  }

  async start(config: Config): Promise<void> {
    const generations = await this.open(this.read(config), this.log());
    await outcomeOf(generations.start());
  }

  override async stop(): Promise<void> {
    await outcomeOf(super.stop());
  }

  async reload(config: Config): Promise<void> {
    const { fault } = await outcomeOf(this.running!.generations.change(this.read(config)));
    if (fault !== undefined) throw fault;
    await settled();
  }

  /** Asks as a client that gives up after its patience. */
  async ask(method: string, request: Message, { patience, more = Buffer.alloc(0) }: AskOptions): Promise<Answer> {
    const types = criTypes('runtime.v1');
    const fact = methodFact(method);
    const served = this.running!.serve(methodPath(method, 'runtime.v1'));
    const gone = new AbortController();
    const over = Promise.withResolvers<never>();
    over.promise.catch(() => {});
    const timer = setTimeout(() => {
      over.reject(new ProxyError(DEADLINE_EXCEEDED, 'the client has gone'));
      gone.abort();
    }, patience);
    const options = { metadata: [], deadline: performance.now() + patience, signal: gone.signal };
    const bytes = Buffer.concat([types.encode(fact.request, request), more]);
    const { value, fault, took } = await outcomeOf(Promise.race([answerOf(served!, bytes, options), over.promise]));
    clearTimeout(timer);
    try {
      if (value !== undefined)
        return { method, code: 0, text: '', message: types.decode(fact.response, value, { defaults: true }), took };
    } catch {
      return { method, code: INTERNAL, text: 'what came is no message', message: {}, took };
    }
    const { code, message: text } = ProxyError.from(fault);
    return { method, code, text, message: {}, took };
  }

  private read({ parties, ids, placement: engine }: Config): ProxyConfig {
    const connect = parties.map(({ id, engine, alias }) => {
      const path = alias === true ? engine.path.replace('/run/', '/var-run/') : engine.path;
      return id === '' ? path : `${id}:${path}`;
    });
    const flags = ['-connect', connect.join(','), '-listen', '/run/x.sock', '-stateDir', this.stateDir, '-ids', ids];
    const chosen = parties.find(party => party.engine === engine);
    const placement = chosen === undefined ? [] : [{ runtime: chosen.id }];
    return { ...configOfFlags(...flags, '-listTimeout', `${LIST_TIMEOUT}ms`), placement } as unknown as ProxyConfig;
  }

  private log(): Logger {
    const keep = (message: string) => void this.logged.push(message);
    return { enabled: () => false, info: () => {}, warn: keep, error: keep };
  }
}

/** The one message of an answer, or the messages of a stream joined to the list that they are parts of. */
async function answerOf(served: Method, request: Buffer, options: CallOptions): Promise<Buffer> {
  if (served.kind === 'unary') return (await served.handle(request, options)).message;
  const parts: Buffer[] = [];
  for await (const part of served.handle([request], options)) parts.push(part);
  return Buffer.concat(parts);
}
