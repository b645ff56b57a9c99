import type { ReloadReport } from '../../admin/api/reload-report.ts';
import type { LevelSwitch } from '../../base/level-switch.ts';
import { Level } from '../../base/log-level.ts';
import type { About, Logger } from '../../base/logger.ts';
import { runtimeName } from '../../base/runtime-name.ts';
import { compareConfigs } from '../../config/config-changes.ts';
import { ownSocketAt } from '../../config/own-sockets.ts';
import { placementWarnings } from '../../config/placement-warnings.ts';
import type { ProxyConfig } from '../../config/proxy-config.ts';
import type { Departure, Generations } from '../generation/generations.ts';

/** Where the configuration comes from. */
export interface ConfigSource {
  /**
   * Reads it again. `overruled`: names of flags that win over the file. Rejects with an error that has a line for each fault: the
   * fault, its place, and the remedy.
   */
  read(): Promise<{ readonly config: ProxyConfig; readonly overruled: readonly string[] }>;
}

/** A configuration that cannot be used; the one before stays in force. The message is one line. */
export class ReloadRefused extends Error {}

/** Is told when a reload begins and when it ends, with or without success. */
export interface ReloadListener {
  reloading(): void;
  reloaded(): void;
}

export interface ReloaderOptions {
  readonly generations: Generations;
  /** Resolves with a warning for each socket that is not served. */
  readonly sockets: { apply(sockets: ProxyConfig['sockets']): Promise<readonly string[]> };
  readonly levels: LevelSwitch;
  readonly source: ConfigSource;
  readonly log: Logger;
}

/** The outcome of a reload is logged each time. */
const always: About = { change: true };

/** Puts the configuration as it is now in force, one reload at a time. */
export class Reloader {
  private readonly options: ReloaderOptions;
  private running: Promise<unknown> = Promise.resolve();
  private next: Promise<ReloadReport> | undefined;
  /** Told of each reload. */
  listener: ReloadListener | undefined;

  constructor(options: ReloaderOptions) {
    this.options = options;
  }

  /** Rejects with a ReloadRefused. A call during a reload gets the next one, which reads the file again. */
  reload(): Promise<ReloadReport> {
    if (this.next === undefined) {
      const next = this.running.then(() => {
        this.next = undefined;
        return this.reloadNow();
      });
      this.next = next;
      this.running = next.catch(() => {});
    }
    return this.next;
  }

  private async reloadNow(): Promise<ReloadReport> {
    const { log } = this.options;
    this.listener?.reloading();
    try {
      const report = await this.apply();
      for (const line of report.changes) log.info(Level.State, `reload: ${line}`);
      for (const line of report.warnings) log.warn(`reload: ${line}`, always);
      for (const line of report.needsRestart) log.warn(`reload: ${line}`, always);
      if (report.note !== '') log.info(Level.State, `reload: ${report.note}`);
      return report;
    } catch (fault) {
      const reason = (fault as Error).message.trim().replaceAll('\n', '; ');
      const refused = new ReloadRefused(`refused, the configuration stays as it was: ${reason}`, { cause: fault });
      log.error(`reload: ${refused.message}`, always);
      throw refused;
    } finally {
      this.listener?.reloaded();
    }
  }

  private async apply(): Promise<ReloadReport> {
    const { generations, sockets, levels, source } = this.options;
    const { config, overruled } = await source.read();
    const before = generations.config;
    const { changes, needsRestart, effective } = compareConfigs(before, config);
    checkLoops(effective);
    const departures = changes.length === 0 ? [] : await generations.change(effective);
    // Each time: the cause why one is not served may be gone.
    const unserved = await sockets.apply(effective.sockets);
    // A level that was set for a time stays, unless the configuration has another.
    if (effective.logLevel !== before.logLevel) levels.set(effective.logLevel);
    return {
      changes,
      needsRestart,
      warnings: [...departures.flatMap(explain), ...placementWarnings(effective), ...unserved],
      note: noteOn(changes.length + needsRestart.length, config, overruled),
    };
  }
}

/** The configuration is right in itself; together with the values that only a restart changes it may be wrong. */
function checkLoops(config: ProxyConfig): void {
  for (const { path } of config.sockets) {
    const name = ownSocketAt(path, { ...config, sockets: [] });
    if (name === undefined) continue;
    throw new Error(`sockets: "${path}" is the socket of ${name} until the next restart: systemctl restart criproxy`);
  }
  for (const { id, socket } of config.runtimes) {
    if (ownSocketAt(socket, config) !== undefined) {
      throw new Error(
        `${runtimeName(id)}: "${socket}" is a socket of criproxy itself until the next restart: systemctl restart criproxy`,
      );
    }
  }
}

function explain({ address, pods }: Departure): string[] {
  if (pods === 0) return [];
  return [
    `the pods of ${runtimeName(address.id)} (${pods}) are no longer listed, and the kubelet takes them for gone; ` +
      `crictl -r unix://${address.path} pods shows the pods that still run there`,
  ];
}

function noteOn(lines: number, { configFile }: ProxyConfig, overruled: readonly string[]): string {
  const restart = 'change only at a restart: systemctl restart criproxy';
  const parts = lines === 0 ? ['nothing changed'] : [];
  const names = overruled.map(name => `-${name}`).join(', ');
  if (configFile === undefined) {
    parts.push(`there is no configuration file (-config), and flags, from an EnvironmentFile too, ${restart}`);
  } else if (names !== '') {
    parts.push(`the values in ${configFile} for ${names} have no effect: flags win over the file, and ${restart}`);
  }
  return parts.join(': ');
}
