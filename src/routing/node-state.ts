import { Code } from '../base/codes.ts';
import { ProxyError } from '../base/error.ts';
import type { Logger } from '../base/logger.ts';
import type { ListName } from '../cri/filter.ts';
import { itemId } from '../cri/listing.ts';
import { methodSpec } from '../cri/method-spec.ts';
import type { Effect } from '../cri/methods.ts';
import { isReady, isSandboxOf, type PodIdentity } from '../cri/pod-identity.ts';
import { askList, ownCall } from './ask-list.ts';
import type { Runtime } from './runtime.ts';
import { RuntimeStatuses } from './runtime-statuses.ts';
import { type Runtimes, runtimeName } from './runtimes.ts';
import { Snapshot } from './snapshot.ts';

/** A list that nobody has asked for this long is asked for by the proxy itself, in ms. */
const REFRESH_AFTER = 10_000;

const lists: readonly ListName[] = ['ListPodSandbox', 'ListContainers', 'ListImages'];

/** The snapshots of all runtimes, kept fresh: taken when a runtime comes up, and followed and refreshed from then on. */
export class NodeState {
  private readonly runtimes: Runtimes;
  private readonly snapshots: ReadonlyMap<Runtime, Snapshot>;
  /** What the runtimes say of themselves. */
  readonly statuses: RuntimeStatuses;
  private readonly maxAge: number | undefined;
  readonly log: Logger;
  /** Lists that come from a snapshot now. */
  private readonly stale = new Set<string>();
  private readonly timer: NodeJS.Timeout;
  /** Called after a change that a call has made. */
  onFollowed: () => void = () => {};

  /** `maxAge`: how old a snapshot may be to be of use, in ms; undefined: any age. */
  constructor(runtimes: Runtimes, maxAge: number | undefined, log: Logger) {
    this.runtimes = runtimes;
    this.snapshots = new Map(runtimes.all.map(runtime => [runtime, new Snapshot()]));
    this.statuses = new RuntimeStatuses(log);
    this.maxAge = maxAge;
    this.log = log;
    for (const runtime of runtimes.all) {
      runtime.onChange(state => {
        if (state.kind === 'up') this.refresh(runtime, 0);
      });
    }
    this.timer = setInterval(() => {
      for (const runtime of runtimes.all) this.refresh(runtime, REFRESH_AFTER);
    }, REFRESH_AFTER / 2);
    this.timer.unref();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  of(runtime: Runtime): Snapshot {
    return this.snapshots.get(runtime)!;
  }

  /**
   * A call with this effect was answered with OK. Request and answer are in the runtime's names; `askedHandler` is the runtime
   * handler that the client asked for, for a call that has made a pod.
   */
  follow(runtime: Runtime, effect: Effect, request: Buffer, answer: Buffer, askedHandler?: string): void {
    if (askedHandler !== undefined && this.runtimes.handlers.renames(runtime)) {
      this.of(runtime).rememberHandler(itemId(answer), askedHandler);
    }
    if (effect !== 'refresh') {
      this.of(runtime).follow(effect, request, answer, Date.now());
      this.onFollowed();
    }
    if (effect === 'refresh' || effect === 'removeImage') this.refresh(runtime, 0);
  }

  /** The runtime that has a sandbox of this pod, a ready one if there are several; undefined if none is known. */
  runtimeOfPod(pod: PodIdentity): Runtime | undefined {
    let found: Runtime | undefined;
    if (pod.uid === '' && pod.firstSeen === '') return found;
    for (const runtime of this.runtimes.all) {
      const sandboxes = [...this.of(runtime).pods.index().values()].filter(item => isSandboxOf(item, pod));
      if (sandboxes.some(isReady)) return runtime;
      if (sandboxes.length > 0) found ??= runtime;
    }
    return found;
  }

  /** Whether a snapshot of this time is not too old to be of use. */
  isFresh(takenAt: number): boolean {
    return this.maxAge === undefined || Date.now() - takenAt <= this.maxAge;
  }

  /** Throws Unavailable for a snapshot that is too old to be given out. */
  checkAge(runtime: Runtime, takenAt: number): void {
    if (this.isFresh(takenAt)) return;
    const age = Date.now() - takenAt;
    throw new ProxyError(
      Code.Unavailable,
      `criproxy: the ${runtimeName(runtime)} does not answer, and its snapshot is ${seconds(age)} old, more than -maxSnapshotAge`,
    );
  }

  isLive(runtime: Runtime, list: ListName): void {
    if (this.stale.size > 0 && this.stale.delete(`${runtime.id} ${list}`)) {
      this.log.info(0, `${list} of the ${runtimeName(runtime)} is its own answer again`);
    }
  }

  isFromSnapshot(runtime: Runtime, list: ListName, reason: string): void {
    const key = `${runtime.id} ${list}`;
    if (this.stale.has(key)) return;
    this.stale.add(key);
    const age = seconds(Date.now() - this.of(runtime).of(list).takenAt!);
    this.log.warn(`${list} of the ${runtimeName(runtime)} comes from its snapshot of ${age} ago: ${reason}`);
  }

  /** Asks the runtime, in the background, for the lists that are older than `age` ms. */
  private refresh(runtime: Runtime, age: number): void {
    const { state } = runtime;
    if (state.kind !== 'up') return;
    for (const list of lists) {
      const listing = this.of(runtime).of(list);
      if (age > 0 && (listing.overdue > 0 || Date.now() - (listing.takenAt ?? 0) < age)) continue;
      const path = `/${state.packages[0]}.${methodSpec(list).service}/${list}`;
      askList(runtime, path, Buffer.alloc(0), listing, ownCall()).catch(fault =>
        this.log.info(2, `${list} of the ${runtimeName(runtime)}: ${ProxyError.from(fault).message}`),
      );
    }
  }
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
