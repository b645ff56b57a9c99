import { isDeepStrictEqual } from 'node:util';
import type { SocketReport } from '../../admin/api/socket-report.ts';
import type { Service } from '../../base/call.ts';
import { Level } from '../../base/log-level.ts';
import type { About, Logger } from '../../base/logger.ts';
import { MemoryAccount } from '../../base/memory-account.ts';
import type { ReportFault } from '../../base/own-fault.ts';
import { listeningSockets } from '../../transport/sockets/inherited-socket.ts';
import { isSameSocket } from '../../transport/sockets/same-socket.ts';
import type { CallWatch } from '../../watch/call-watch.ts';
import type { Counters } from '../../watch/counters.ts';
import { SocketStats } from '../../watch/socket-stats.ts';
import {
  AccessSocket,
  type AccessSocketParts,
  DEFAULT_RATE,
  type InheritedSocket,
  type SocketConfig,
} from './access-socket.ts';
import { socketMetrics } from './socket-metrics.ts';

/** The part of the memory for clients' messages that the clients of all such sockets may have together: the kubelet has the rest. */
const SHARE = 1 / 4;

/** How long calls may take to finish on a socket that is removed, in ms. */
const REMOVAL = 5_000;

/** A configured socket; without `open`, the reason why it is not served. */
interface Entry {
  readonly config: SocketConfig;
  readonly open: AccessSocket | undefined;
  readonly reason: string | null;
}

const always: About = { change: true };

/** The sockets beside the node's own. None of them can keep the node's from being served: a fault is logged, and tried again. */
export class AccessSockets {
  private readonly stats = new SocketStats();
  private readonly parts: AccessSocketParts;
  private readonly watch: CallWatch;
  private readonly log: Logger;
  /** The sockets of systemd that are not in use yet. */
  private inherited: InheritedSocket[];
  /** Paths at which systemd listens, and the proxy does no more. */
  private readonly givenUp = new Set<string>();
  private entries: readonly Entry[] = [];
  private unwatch: (() => void) | undefined;

  /**
   * `service`: of the node's own socket, without observers. `held`: the memory of all clients' messages. `inherited`: the file
   * descriptors that systemd has passed, without the node's own socket.
   */
  constructor(
    service: Service,
    watch: CallWatch,
    held: MemoryAccount,
    inherited: readonly number[],
    { counters, reportFault }: { readonly counters: Counters; readonly reportFault: ReportFault },
    log: Logger,
  ) {
    this.parts = { service, watch, held: new MemoryAccount(Math.floor(held.max * SHARE), held), report: reportFault };
    this.watch = watch;
    this.log = log;
    this.inherited = listeningSockets(inherited);
    const open = () => this.entries.flatMap(each => each.open ?? []);
    for (const metric of socketMetrics(this.stats, open)) counters.register(metric);
  }

  /** Serves these sockets and no others. Resolves with a warning for each that is not served, or not as it should be. */
  async apply(configs: readonly SocketConfig[]): Promise<readonly string[]> {
    const before = this.entries;
    const removed = before.filter(({ config }) => !configs.some(({ path }) => path === config.path));
    for (const { open, config } of removed) if (open !== undefined) this.remove(open, config);
    const next: Entry[] = [];
    for (const config of configs) {
      next.push(
        await this.applyOne(
          config,
          before.find(each => each.config.path === config.path),
        ),
      );
    }
    this.entries = next;
    this.observe();
    for (const { path } of this.inherited) {
      if (before.length + next.length === 0 || next.some(({ config }) => isSameSocket(config.path, path))) continue;
      this.log.warn(`systemd listens at ${path}, which is not in sockets: nobody answers its clients`, always);
    }
    return next.flatMap(({ config, reason }) => (reason === null ? [] : [`${config.path} is not served: ${reason}`]));
  }

  report(): SocketReport[] {
    return this.entries.map(({ config, open, reason }) => ({
      path: config.path,
      served: reason === null,
      reason,
      allow: config.allow,
      redact: config.redact ?? false,
      namespaces: config.namespaces ?? null,
      rate: config.rate ?? DEFAULT_RATE,
      connections: open?.connections ?? 0,
      ...this.stats.figures(config.path),
    }));
  }

  /** As GrpcServer.close, for all of them. */
  async close(grace: number): Promise<void> {
    await Promise.all(this.entries.map(({ open }) => open?.close(grace)));
  }

  private async applyOne(config: SocketConfig, before: Entry | undefined): Promise<Entry> {
    const open = before?.open;
    try {
      if (open === undefined) {
        const made = await this.open(config);
        this.log.info(Level.State, `serving CRI for ${config.allow.join(', ')} on ${config.path}`);
        return { config, open: made, reason: null };
      }
      if (before?.reason !== null || !isDeepStrictEqual(before.config, config)) await open.change(config);
      return { config, open, reason: null };
    } catch (fault) {
      const reason = (fault as Error).message;
      this.log.error(`${config.path} is not served: ${reason}`, always);
      // Its clients would have rights that the configuration does not give them any more.
      if (open !== undefined) {
        if (open.isInherited) this.givenUp.add(config.path);
        void open.close(0);
      }
      return { config, open: undefined, reason };
    }
  }

  private remove(open: AccessSocket, { path }: SocketConfig): void {
    void open.close(REMOVAL);
    this.stats.forget(path);
    this.log.info(Level.State, `${path} is served no more`);
    if (!open.isInherited) return;
    this.givenUp.add(path);
    this.log.warn(`systemd still listens at ${path}: stop its socket unit`, always);
  }

  private async open(config: SocketConfig): Promise<AccessSocket> {
    const { path } = config;
    if (this.givenUp.has(path)) {
      throw new Error('systemd listens there, and a reload has closed its socket here; systemctl restart criproxy');
    }
    const found = this.inherited.find(each => isSameSocket(each.path, path));
    const socket = await AccessSocket.open(config, found, this.parts);
    // Used once: the number may be that of another file afterwards.
    this.inherited = this.inherited.filter(each => each !== found);
    return socket;
  }

  /** Nobody pays for the counts of sockets that there are not. */
  private observe(): void {
    if (this.entries.length > 0) this.unwatch ??= this.watch.add(this.stats);
    else {
      this.unwatch?.();
      this.unwatch = undefined;
    }
  }
}
