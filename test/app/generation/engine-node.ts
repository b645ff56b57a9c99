import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Generations } from '../../../src/app/generation/generations.ts';
import { ProxyError } from '../../../src/base/error.ts';
import type { ProxyConfig } from '../../../src/config/proxy-config.ts';
import { CallWatch } from '../../../src/watch/call-watch.ts';
import { watchedService } from '../../../src/watch/watched-service.ts';
import { Engine, EnginePort } from '../../faults/model/engine.ts';
import { keepingLogger, settled } from '../../faults/support/routed.ts';
import { callOptions } from '../../routing/lab.ts';
import { configOfFlags } from '../../support/config-of-flags.ts';
import { criTypes, type Message } from '../../support/cri-types.ts';
import { methodFact, methodPath } from '../../support/facts.ts';
import type { Teardown } from '../operate/reload-daemon.ts';

/** Runtimes without sockets that outlast the proxy, and a proxy over them that is restarted, with its state folder. */
export class EngineNode {
  readonly folder = mkdtempSync(join(tmpdir(), 'criproxy-engines-'));
  readonly log = keepingLogger(1);
  /** Methods that engines do not have, by their names. */
  readonly lacks = new Map<string, readonly string[]>();
  private round = 0;
  private readonly engines = new Map<string, Engine>();
  private running: { generations: Generations; service: ReturnType<typeof watchedService> } | undefined;

  constructor(t: Teardown) {
    mkdirSync(this.stateDir);
    mkdirSync(join(this.folder, 'run'));
    t.teardown(async () => {
      await this.stop();
      rmSync(this.folder, { recursive: true, force: true });
    });
  }

  get stateDir(): string {
    return join(this.folder, `state-${this.round}`);
  }

  get generations(): Generations {
    return this.running!.generations;
  }

  engine(name: string): Engine {
    const engine = this.engines.get(name) ?? new Engine(name, this.pathOf(name));
    this.engines.set(name, engine);
    return engine;
  }

  pathOf(name: string): string {
    return join(this.folder, 'run', `${name}.sock`);
  }

  /** `connect`: the flag's value, with names of engines: `A,alt:B`. */
  async start(connect: string, ids: 'prefixed' | 'raw' = 'prefixed'): Promise<void> {
    const watch = new CallWatch();
    const make = ({ id, path }: { id: string; path: string }, seen: boolean) => {
      const name = /([^/]+)\.sock$/.exec(path)![1]!;
      const port = new EnginePort(id, path, this.engine(name), seen);
      for (const method of this.lacks.get(name) ?? []) port.faults.lacks.add(method);
      return port;
    };
    const config = this.config(connect, ids);
    const generations = await Generations.open(config, watch, this.log, undefined, undefined, make);
    this.running = { generations, service: watchedService(generations.service, watch) };
    await generations.start();
    await settled();
  }

  async stop(): Promise<void> {
    await this.running?.generations.stop();
    this.running = undefined;
  }

  /** Ends like kill -9: data that are not on the disk at this moment are lost. */
  async kill(): Promise<void> {
    const left = this.stateDir;
    this.round++;
    cpSync(left, this.stateDir, { recursive: true });
    await this.stop();
  }

  config(connect: string, ids = 'prefixed'): ProxyConfig {
    const parts = connect.split(',').map(part => {
      const [name, id] = part.split(':').reverse() as [string, string?];
      return id === undefined ? this.pathOf(name) : `${id}:${this.pathOf(name)}`;
    });
    const flags = ['-connect', parts.join(','), '-listen', '/run/x.sock', '-stateDir', this.stateDir];
    return configOfFlags(...flags, '-ids', ids, '-listTimeout', '100ms');
  }

  /** Rejects with a ProxyError. */
  async call(method: string, request: Message = {}): Promise<Message> {
    const fact = methodFact(method);
    const types = criTypes('runtime.v1');
    const served = this.running!.service(methodPath(method, 'runtime.v1'));
    if (served?.kind !== 'unary') throw new Error(`${method} is not unary`);
    const reply = await served.handle(types.encode(fact.request, request), callOptions());
    return types.decode(fact.response, reply.message, { defaults: true });
  }

  /** Ids of pods in the order of their text, or the code that the list fails with. */
  async pods(): Promise<string[] | number> {
    try {
      return (await this.call('ListPodSandbox'))['items'].map((item: Message) => item['id']).sort();
    } catch (fault) {
      return ProxyError.from(fault).code;
    }
  }

  async code(method: string, request: Message): Promise<number> {
    return this.call(method, request).then(
      () => 0,
      fault => ProxyError.from(fault).code,
    );
  }

  /** The files of the state folder whose names match. */
  files(pattern: RegExp): string[] {
    const names = readdirSync(this.stateDir).filter(name => pattern.test(name));
    return names.map(name => join(this.stateDir, name));
  }

  /** Changes a bit of each file. */
  damage(paths: readonly string[], at = 0.7): void {
    for (const path of paths) {
      const bytes = readFileSync(path);
      bytes[Math.floor(bytes.length * at)]! ^= 1;
      writeFileSync(path, bytes);
    }
  }
}
