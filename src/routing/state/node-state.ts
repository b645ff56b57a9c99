import { Code } from '../../base/codes.ts';
import { ProxyError } from '../../base/error.ts';
import { seconds } from '../../base/figure-text.ts';
import { Level } from '../../base/log-level.ts';
import type { Logger } from '../../base/logger.ts';
import { runtimeName } from '../../base/runtime-name.ts';
import { steadyNow } from '../../base/steady-clock.ts';
import type { WatchedCall } from '../../base/watched-call.ts';
import type { ListName } from '../../cri/read/filter.ts';
import { itemId } from '../../cri/read/listing.ts';
import type { Effect } from '../../cri/tables/methods.ts';
import { type Generation, LatestGeneration } from '../port/generation.ts';
import { idPrefix } from '../port/names.ts';
import type { Runtime } from '../port/runtime.ts';
import type { Runtimes } from '../port/runtimes.ts';
import { EventFeeds } from './event-feed.ts';
import { FollowedCall } from './followed-call.ts';
import { ImageGuesses } from './image-guesses.ts';
import { Samples } from './last-samples.ts';
import { OwnLists } from './own-lists.ts';
import { PodStarts } from './pod-starts.ts';
import { RuntimeStatuses } from './runtime-statuses.ts';
import { SeenPods } from './seen-pods.ts';
import { Snapshot } from './snapshot.ts';

/**
 * The age from which the proxy itself asks for a list that no client has asked for, in ms. A kubelet asks for images every 30 s. With the
 * time between two looks, and the delay of times on the disk, each list is within FRESH in holding.ts.
 */
const REFRESH_AFTER: Readonly<Record<ListName, number>> = {
  ListPodSandbox: 20_000,
  ListContainers: 20_000,
  ListImages: 40_000,
};

/** The time between two looks for such lists, in ms. */
const LOOK = 10_000;

const lists: readonly ListName[] = ['ListPodSandbox', 'ListContainers', 'ListImages'];

/**
 * The snapshots of all runtimes, kept fresh: taken when a runtime comes up, followed and refreshed from then on. The state lives as
 * long as the proxy; runtimes join it and leave it.
 */
export class NodeState {
  private inForce: Runtimes;
  private maxAge: number | undefined;
  /** Calls in flight to a runtime that has left still find its snapshot. */
  private readonly snapshots = new WeakMap<Runtime, Snapshot>();
  /** How many overdue lists each runtime has under way, for which no call waits. */
  private readonly overdue = new WeakMap<Runtime, Map<ListName, number>>();
  /** For each runtime that has joined, the function that ends its subscription. */
  private readonly joined = new Map<Runtime, () => void>();
  private readonly listeners = new Set<(runtime: Runtime) => void>();
  /** The statuses of the runtimes. */
  readonly statuses: RuntimeStatuses;
  readonly samples: Samples;
  readonly generation = new LatestGeneration();
  readonly feeds = new EventFeeds();
  readonly log: Logger;
  /** When the proxy began to follow the runtimes, in ms since the epoch. */
  readonly startedAt = steadyNow();
  /** The pods that calls have named. */
  readonly seenPods = new SeenPods();
  readonly imageGuesses = new ImageGuesses();
  readonly starts = new PodStarts();
  /** Lists that come from a snapshot at present. */
  private readonly stale = new Set<string>();
  private readonly own = new OwnLists(this);
  private readonly timer: NodeJS.Timeout;
  /** How long a list waits for a runtime, in ms. */
  listTimeout: (runtime: Runtime) => number = () => 10_000;
  /** Called when a change must be written at once: by a call, or when a runtime is up for the first time. */
  onToWrite: () => void = () => {};
  /** Called for a change that may be written a moment later: only a list has shown it. */
  onNews: () => void = () => {};
  /** Called each time a list comes from a snapshot. */
  onFromSnapshot: (runtime: Runtime, list: ListName) => void = () => {};

  /** `maxAge`: the greatest age of a snapshot that is used, in ms; undefined for any age. */
  constructor(runtimes: Runtimes, maxAge: number | undefined, log: Logger) {
    this.inForce = runtimes;
    this.statuses = new RuntimeStatuses(log);
    this.samples = new Samples(log);
    this.maxAge = maxAge;
    this.log = log;
    for (const runtime of runtimes.all) this.join(runtime);
    this.timer = setInterval(() => {
      for (const runtime of this.joined.keys()) this.refresh(runtime);
      this.onToWrite();
    }, LOOK);
    this.timer.unref();
  }

  /** The runtimes that calls are routed to now. */
  get runtimes(): Runtimes {
    return this.inForce;
  }

  /**
   * Adds a runtime before calls are routed to it; `before` is the runtime that it replaces. At the same socket it has the same
   * snapshot, else the snapshot of `before` stands in until it answers.
   */
  join(runtime: Runtime, before?: Runtime): void {
    const same = [before, ...this.joined.keys()].find(each => each?.socket === runtime.socket);
    const snapshot = same === undefined ? before && this.of(before).standIn() : this.of(same);
    this.snapshots.set(runtime, snapshot ?? new Snapshot());
    this.of(runtime).onNews = () => this.onNews();
    if (runtime.state.kind === 'up' || runtime.state.seen) this.of(runtime).seen = true;
    this.noteVersions(runtime, this.of(runtime));
    if (before !== undefined) this.samples.inherit(runtime, before);
    if (before?.socket === runtime.socket) this.statuses.inherit(runtime, before);
    if (runtime.silence !== undefined) runtime.silence.onChange = since => this.tellSilence(runtime, since);
    const forget = runtime.onChange(state => {
      if (state.kind === 'up') this.noteUp(runtime);
      for (const listener of [...this.listeners]) listener(runtime);
    });
    this.joined.set(runtime, forget);
  }

  private noteVersions({ state }: Runtime, snapshot: Snapshot): void {
    if (state.kind === 'up' && state.versions !== undefined) snapshot.versions = state.versions;
  }

  private noteUp(runtime: Runtime): void {
    const snapshot = this.of(runtime);
    this.noteVersions(runtime, snapshot);
    if (!snapshot.seen) {
      snapshot.seen = true;
      this.onToWrite();
    }
    for (const list of lists) void this.own.ask(runtime, list);
    this.samples.prime(runtime, this.listTimeout(runtime));
  }

  /** From now on calls are routed by this generation; all other runtimes leave. All its runtimes must have joined. */
  changeGeneration(generation: Generation, maxAge: number | undefined): void {
    for (const runtime of generation.runtimes.all) this.keepShownIds(runtime);
    this.inForce = generation.runtimes;
    this.maxAge = maxAge;
    for (const [runtime, forget] of this.joined) {
      if (generation.runtimes.all.includes(runtime)) continue;
      forget();
      this.joined.delete(runtime);
      this.feeds.close([runtime]);
      for (const list of lists) this.stale.delete(`${runtime.id} ${list}`);
    }
    this.generation.change(generation);
  }

  /** A runtime that gets another id keeps the ids of its known pods and containers. */
  private keepShownIds(runtime: Runtime): void {
    const before = this.sharing(runtime);
    if (before !== undefined && before.id !== runtime.id) {
      this.of(runtime).keepShownIds(idPrefix(before.id), idPrefix(runtime.id));
    }
  }

  /** The other runtime in force, before or after a change of the configuration, with the same snapshot. */
  private sharing(runtime: Runtime): Runtime | undefined {
    return this.inForce.all.find(each => each !== runtime && this.of(each) === this.of(runtime));
  }

  /** Calls back when the state of a joined runtime changes. */
  onChange(listener: (runtime: Runtime) => void): void {
    this.listeners.add(listener);
  }

  stop(): void {
    clearInterval(this.timer);
    for (const forget of this.joined.values()) forget();
    this.joined.clear();
    this.feeds.close();
  }

  of(runtime: Runtime): Snapshot {
    return this.snapshots.get(runtime)!;
  }

  /** A call that changes lists is about to be sent; the request is in the runtime's names. */
  begin(runtime: Runtime, effect: Effect, request: Buffer): FollowedCall {
    return new FollowedCall(this.of(runtime), effect, request);
  }

  /**
   * The call was answered with OK. `askedHandler`: the runtime handler that the client asked for, if the call has made a pod.
   * Resolves, and never rejects, when the lists that had to be asked for again have come or failed. Throws a WireError.
   */
  follow(runtime: Runtime, call: FollowedCall, answer: Buffer, askedHandler?: string): Promise<void> {
    const snapshot = this.of(runtime);
    if (askedHandler !== undefined && this.runtimes.handlers.renames(runtime) && !call.isGone(itemId(answer))) {
      snapshot.rememberHandler(itemId(answer), askedHandler);
    }
    const unknown = call.answered(answer);
    const heir = call.makesItem ? this.sharing(runtime) : undefined;
    // The client gets the new id with the prefix that was in force when the call came in.
    if (heir !== undefined && heir.id !== runtime.id) snapshot.shownIds.set(itemId(answer), idPrefix(runtime.id));
    this.onToWrite();
    return this.askAnew(runtime, unknown);
  }

  /** The call has failed. */
  followFailed(runtime: Runtime, call: FollowedCall): void {
    void this.askAnew(runtime, call.failed());
  }

  /** Asks the runtime for a whole list, behind the question that is under way, if any. Rejects as any call. */
  async ask(runtime: Runtime, list: ListName, call: WatchedCall | undefined): Promise<void> {
    const fault = await this.own.ask(runtime, list, call);
    if (fault !== undefined) throw fault;
  }

  private async askAnew(runtime: Runtime, unknown: readonly ListName[]): Promise<void> {
    await Promise.all(unknown.map(list => this.own.ask(runtime, list)));
  }

  /** Whether a snapshot of this time is young enough to be used. */
  isFresh(takenAt: number): boolean {
    return this.maxAge === undefined || steadyNow() - takenAt <= this.maxAge;
  }

  /** Throws Unavailable for a snapshot that is too old to be used. */
  checkAge(runtime: Runtime, takenAt: number): void {
    if (this.isFresh(takenAt)) return;
    const age = steadyNow() - takenAt;
    throw new ProxyError(
      Code.Unavailable,
      `criproxy: ${runtimeName(runtime.id)} does not answer, and its snapshot is ${seconds(age)} old, more than -maxSnapshotAge`,
    );
  }

  /** Whether a list of the runtime is overdue. */
  isOverdue(runtime: Runtime, list: ListName): boolean {
    return (this.overdue.get(runtime)?.get(list) ?? 0) > 0;
  }

  /** A list that was asked for at this time, as performance.now(), has become overdue, or has ended. */
  noteOverdue(runtime: Runtime, list: ListName, over: boolean, askedAt: number): void {
    if (!over) runtime.silence?.overdue(askedAt);
    const counts = this.overdue.get(runtime) ?? new Map<ListName, number>();
    this.overdue.set(runtime, counts.set(list, (counts.get(list) ?? 0) + (over ? -1 : 1)));
  }

  /** The runtime has answered this call itself. */
  noteLive(runtime: Runtime, list: ListName, call?: WatchedCall): void {
    if (this.stale.size > 0 && this.stale.delete(`${runtime.id} ${list}`)) {
      const about = { call, method: list, runtime: runtime.id, change: true };
      this.log.info(Level.State, `${list} of ${runtimeName(runtime.id)} is live again`, undefined, about);
    }
  }

  /** Whether the last answer to this list came from the snapshot. */
  isStale(runtime: Runtime, list: ListName): boolean {
    return this.stale.has(`${runtime.id} ${list}`);
  }

  /** The call was answered from the runtime's snapshot. */
  noteFromSnapshot(runtime: Runtime, list: ListName, reason: string, call?: WatchedCall): void {
    this.onFromSnapshot(runtime, list);
    const key = `${runtime.id} ${list}`;
    if (this.stale.has(key)) return;
    this.stale.add(key);
    const age = seconds(steadyNow() - this.of(runtime).of(list).takenAt!);
    this.log.warn(`${list} of ${runtimeName(runtime.id)} comes from its snapshot of ${age} ago: ${reason}`, {
      call,
      method: list,
      runtime: runtime.id,
      change: true,
    });
  }

  private tellSilence(runtime: Runtime, since: number | undefined): void {
    const about = { runtime: runtime.id, change: true };
    const name = runtimeName(runtime.id);
    if (since === undefined) this.log.info(Level.State, `${name} answers again`, undefined, about);
    else this.log.warn(`${name} is connected but has answered no call since ${new Date(since).toISOString()}`, about);
  }

  /** Asks the runtime, in the background, for the lists that are old, or soon too old to be of use. */
  private refresh(runtime: Runtime): void {
    for (const list of lists) {
      const age = Math.min(REFRESH_AFTER[list], (this.maxAge ?? Number.POSITIVE_INFINITY) / 4);
      const { takenAt = 0 } = this.of(runtime).of(list);
      if (this.isOverdue(runtime, list) || this.own.isAsking(runtime, list) || steadyNow() - takenAt < age) continue;
      void this.own.ask(runtime, list);
    }
  }
}
