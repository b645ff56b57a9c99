import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Service } from '../../base/call.ts';
import type { Logger } from '../../base/logger.ts';
import type { ReportFault } from '../../base/own-fault.ts';
import type { ProxyConfig } from '../../config/proxy-config.ts';
import type { Faults } from '../../faults/faults.ts';
import type { PlacementBase } from '../../routing/placement/place-pod.ts';
import type { Generation } from '../../routing/port/generation.ts';
import type { Runtime } from '../../routing/port/runtime.ts';
import { Runtimes } from '../../routing/port/runtimes.ts';
import { routedService } from '../../routing/service.ts';
import { NodeState } from '../../routing/state/node-state.ts';
import { SnapshotKeeper } from '../../routing/state/snapshot-keeper.ts';
import { RuntimeConfigReplay } from '../../routing/status/runtime-config.ts';
import { makeDial } from '../../transport/grpc/client/client.ts';
import { isSameSocket } from '../../transport/sockets/same-socket.ts';
import type { CallWatch } from '../../watch/call-watch.ts';
import type { Counter } from '../../watch/counters.ts';
import { currentService } from './current-service.ts';
import { type LinkedRuntime, linkedRuntime, type RuntimeAddress } from './linked-runtime.ts';
import { OpenCalls } from './open-calls.ts';
import { addressOf, annotationValues, handlerRows, settingsOf } from './routing-input.ts';
import { snapshotStore } from './snapshot-files.ts';

/** The time in ms for runtimes that hang, and so are neither up nor down. */
const FIRST_TRY = 2_000;

/**
 * For how long a call in flight may still turn to a runtime that has left, in ms: the kubelet's longest limit, of RunPodSandbox. A call
 * that is under way there takes its own time, since a pull of an image or a command in a container may have no limit; its connection is
 * kept, so that there are at most as many connections as such calls.
 */
const LEAVE = 240_000;

/** A generation with its configuration, the links of its runtimes, and the service over them. */
interface LinkedGeneration extends Generation {
  readonly config: ProxyConfig;
  /** In the order of the configuration, the primary first. */
  readonly linked: readonly [LinkedRuntime, ...LinkedRuntime[]];
  readonly service: Service;
}

/** Makes a runtime that is not started; `seen` as in linkedRuntime. */
type MakeRuntime = (address: RuntimeAddress, seen: boolean) => LinkedRuntime;

/** The mishaps that are counted. */
interface Counted {
  readonly writeFailures: Counter;
  readonly reportFault: ReportFault;
}

/** A runtime whose pods are no longer listed. */
export interface Departure {
  readonly address: RuntimeAddress;
  /** How many pods it has listed last. */
  readonly pods: number;
}

/**
 * The generation in force, and the generations before it for as long as their calls take. The knowledge of a runtime stays with it from
 * one generation to the next.
 */
export class Generations {
  /** The knowledge that stands in for a runtime that is down, so that no list is ever short. */
  readonly node: NodeState;
  private readonly log: Logger;
  private readonly make: MakeRuntime;
  private readonly replay: RuntimeConfigReplay;
  private readonly calls = new OpenCalls();
  private readonly leaving = new Set<LinkedRuntime>();
  private current: LinkedGeneration;
  private keeper: SnapshotKeeper | undefined;
  private stopped = false;

  private constructor(config: ProxyConfig, watch: CallWatch, log: Logger, make: MakeRuntime) {
    this.make = make;
    this.log = log;
    watch.add(this.calls);
    const [primary, ...others] = config.runtimes.map(runtime => this.link(addressOf(runtime)));
    const linked = [primary!, ...others] as const;
    const runtimes = new Runtimes(linked, handlerRows(config), annotationValues(config));
    this.node = new NodeState(runtimes, config.maxSnapshotAge, log);
    this.replay = new RuntimeConfigReplay(this.node, log);
    this.current = this.generation(config, linked, runtimes);
  }

  /**
   * Loads the knowledge from before a restart, so that a runtime that is not up yet is not taken for empty. `make`: makes runtimes
   * behind links, if left out.
   */
  static async open(
    config: ProxyConfig,
    watch: CallWatch,
    log: Logger,
    faults?: Faults,
    counted?: Counted,
    make = linking(config, watch, log, faults, counted?.reportFault),
  ): Promise<Generations> {
    const opened = new Generations(config, watch, log, make);
    const { stateDir } = config;
    if (stateDir !== undefined) {
      const { node } = opened;
      const store = snapshotStore(stateDir, log, counted?.writeFailures);
      opened.keeper = await SnapshotKeeper.open(node, store, await readBootId(), log);
      for (const runtime of opened.current.linked) if (node.of(runtime).seen) runtime.noteSeen();
    }
    return opened;
  }

  get config(): ProxyConfig {
    return this.current.config;
  }

  get runtimes(): Runtimes {
    return this.current.runtimes;
  }

  /** The facts that the runtime of a pod is chosen by. */
  get placement(): PlacementBase {
    return { runtimes: this.current.runtimes, settings: settingsOf(this.current.config), node: this.node };
  }

  /** A call is served to its end by the generation that it has met. */
  readonly service: Service = currentService(() => this.current.service);

  /** Connects to the runtimes; resolves when it is known which are up. */
  async start(): Promise<void> {
    await firstTry(this.current.linked);
  }

  /**
   * Puts a generation for `config` in place once its new runtimes are up or known to be down. A runtime with the same id and
   * socket stays as it is. Resolves with the runtimes that have left.
   */
  async change(config: ProxyConfig): Promise<readonly Departure[]> {
    const old = this.current;
    const fresh: LinkedRuntime[] = [];
    const replaced = new Set<LinkedRuntime>();
    const [primary, ...others] = config.runtimes.map(addressOf).map(address => {
      const same = old.linked.find(({ id, path }) => id === address.id && isSameSocket(path, address.path));
      if (same !== undefined) return same;
      // A runtime at the same socket has the same pods, under any id.
      const before =
        old.linked.find(({ path }) => isSameSocket(path, address.path)) ?? vacated(old, config, address.id);
      const runtime = this.link(address, before);
      this.node.join(runtime, before);
      if (before?.socket !== runtime.socket) this.keeper?.adopt(runtime);
      if (before !== undefined) replaced.add(before);
      fresh.push(runtime);
      return runtime;
    });
    const linked = [primary!, ...others] as const;
    const next = this.generation(config, linked, new Runtimes(linked, handlerRows(config), annotationValues(config)));
    await firstTry(fresh);
    if (this.stopped) {
      for (const runtime of fresh) runtime.stop();
      return [];
    }
    this.current = next;
    this.node.changeGeneration(next, config.maxSnapshotAge);
    return this.dismiss(old, next, replaced);
  }

  /**
   * A secondary that is down has left this node for good: it has no pods. Resolves with how many it had, as far as that is known. Rejects
   * when something is still written of it.
   */
  async forget(runtime: Runtime): Promise<number> {
    const snapshot = this.node.of(runtime);
    const pods = snapshot.pods.size;
    snapshot.forget();
    await this.keeper?.forget(runtime);
    return pods;
  }

  /** Lets a runtime take no new pods, or take them again. Resolves when that is on the disk, or could not be written. */
  async retire(runtime: Runtime, retiring: boolean): Promise<void> {
    this.node.of(runtime).retiring = retiring;
    await this.keeper?.flush();
  }

  /** Resolves when the present knowledge is on the disk, or could not be written. */
  async flush(): Promise<void> {
    await this.keeper?.flush();
  }

  /** Lets go of the runtimes and writes the knowledge of them to the disk. */
  async stop(): Promise<void> {
    this.stopped = true;
    for (const runtime of [...this.current.linked, ...this.leaving]) runtime.stop();
    this.node.stop();
    await this.keeper?.stop();
  }

  private dismiss(
    old: LinkedGeneration,
    next: LinkedGeneration,
    replaced: ReadonlySet<LinkedRuntime>,
  ): readonly Departure[] {
    const gone = old.linked.filter(runtime => !next.linked.includes(runtime));
    const over = gone.length === 0 ? Promise.resolve() : this.calls.over(LEAVE);
    for (const runtime of gone) {
      this.leaving.add(runtime);
      void runtime.leave(over).then(() => this.leaving.delete(runtime));
    }
    const sockets = gone
      .map(({ socket }) => socket)
      .filter(socket => !next.linked.some(each => each.socket === socket));
    // Not waited for: a disk that hangs is no reason to refuse reloads.
    if (gone.length > 0) void this.keeper?.letGo(sockets);
    return gone
      .filter(runtime => !replaced.has(runtime))
      .map(runtime => ({ address: runtime, pods: this.node.of(runtime).pods.index().size }));
  }

  private link(address: RuntimeAddress, before?: LinkedRuntime): LinkedRuntime {
    // A runtime that was forgotten was up before, and counts as never seen.
    const seen = before !== undefined && this.node.of(before).seen;
    return this.make(address, seen);
  }

  private generation(config: ProxyConfig, linked: LinkedGeneration['linked'], runtimes: Runtimes): LinkedGeneration {
    const settings = settingsOf(config);
    const service = routedService(runtimes, settings, this.node, this.log, this.replay);
    return { config, linked, runtimes, settings, service };
  }
}

function linking(
  { userAgent }: ProxyConfig,
  watch: CallWatch,
  log: Logger,
  faults: Faults | undefined,
  report: ReportFault | undefined,
): MakeRuntime {
  const dial = makeDial(report === undefined ? { userAgent } : { userAgent, report });
  return (address, seen) => linkedRuntime(address, dial, watch, log, seen, faults);
}

/** The runtime that had this id, if its socket is no longer in the configuration. */
function vacated(old: LinkedGeneration, config: ProxyConfig, id: string): LinkedRuntime | undefined {
  const found = old.linked.find(runtime => runtime.id === id);
  return config.runtimes.some(({ socket }) => found !== undefined && isSameSocket(socket, found.path))
    ? undefined
    : found;
}

async function firstTry(runtimes: readonly LinkedRuntime[]): Promise<void> {
  if (runtimes.length === 0) return;
  for (const runtime of runtimes) runtime.start();
  await Promise.race([Promise.all(runtimes.map(({ tried }) => tried)), sleep(FIRST_TRY, undefined, { ref: false })]);
}

async function readBootId(): Promise<string> {
  return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
}
