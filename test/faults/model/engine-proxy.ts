import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Generations } from '../../../src/app/generation/generations.ts';
import type { Logger } from '../../../src/base/logger.ts';
import type { ProxyConfig } from '../../../src/config/proxy-config.ts';
import { CallWatch } from '../../../src/watch/call-watch.ts';
import { watchedService } from '../../../src/watch/watched-service.ts';
import { Engine, EnginePort } from './engine.ts';

interface Running {
  readonly generations: Generations;
  readonly serve: ReturnType<typeof watchedService>;
}

/** A proxy over engines, which outlast it as its state folder does. It is started, ended and killed in this process. */
export class EngineProxy {
  readonly folder: string;
  protected running: Running | undefined;
  private readonly byName = new Map<string, Engine>();
  private round = 0;

  constructor(base: string) {
    this.folder = mkdtempSync(join(base, 'criproxy-engines-'));
    mkdirSync(join(this.folder, 'run'));
    mkdirSync(this.stateDir);
  }

  get stateDir(): string {
    return join(this.folder, `state-${this.round}`);
  }

  pathOf(name: string): string {
    return join(this.folder, 'run', `${name}.sock`);
  }

  engine(name: string): Engine {
    const engine = this.byName.get(name) ?? new Engine(name, this.pathOf(name));
    this.byName.set(name, engine);
    return engine;
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
    rmSync(left, { recursive: true });
  }

  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Resolves with the generations of the configuration, which are not started; `prepare` is called for each new runtime. */
  protected async open(config: ProxyConfig, log: Logger, prepare?: (port: EnginePort) => void): Promise<Generations> {
    const watch = new CallWatch();
    const make = ({ id, path }: { id: string; path: string }, seen: boolean) => {
      const [, name] = /([^/]+)\.sock$/.exec(path)!;
      const port = new EnginePort(id, path, this.engine(name!), seen);
      prepare?.(port);
      return port;
    };
    const generations = await Generations.open(config, watch, log, undefined, undefined, make);
    this.running = { generations, serve: watchedService(generations.service, watch) };
    return generations;
  }
}
