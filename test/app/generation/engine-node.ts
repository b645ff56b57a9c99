import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Generations } from '../../../src/app/generation/generations.ts';
import { ProxyError } from '../../../src/base/error.ts';
import type { ProxyConfig } from '../../../src/config/proxy-config.ts';
import { EngineProxy } from '../../faults/model/engine-proxy.ts';
import { keepingLogger, settled } from '../../faults/support/routed.ts';
import { callOptions } from '../../routing/lab.ts';
import { configOfFlags } from '../../support/config-of-flags.ts';
import { criTypes, type Message } from '../../support/cri-types.ts';
import { methodFact, methodPath } from '../../support/facts.ts';
import type { Teardown } from '../operate/reload-daemon.ts';

/** An EngineProxy in real time, which is gone with its test. */
export class EngineNode extends EngineProxy {
  readonly log = keepingLogger(1);
  /** Methods that engines do not have, by their names. */
  readonly lacks = new Map<string, readonly string[]>();

  constructor(t: Teardown) {
    super(tmpdir());
    t.teardown(() => this.remove());
  }

  get generations(): Generations {
    return this.running!.generations;
  }

  /** `connect`: the flag's value, with names of engines: `A,alt:B`. */
  async start(connect: string, ids: 'prefixed' | 'raw' = 'prefixed'): Promise<void> {
    const generations = await this.open(this.config(connect, ids), this.log, ({ path, faults }) => {
      for (const method of this.lacks.get(basename(path, '.sock')) ?? []) faults.lacks.add(method);
    });
    await generations.start();
    await settled();
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
    const served = this.running!.serve(methodPath(method, 'runtime.v1'));
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
