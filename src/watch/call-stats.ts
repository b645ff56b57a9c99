import type { Logger } from '../base/logger.ts';
import { NONE, runtimeLabel, SEVERAL } from '../base/runtime-name.ts';
import { codeIndex, codeLabels, isError } from './call-codes.ts';
import type { CallRecord, Part } from './call-record.ts';
import type { CallObserver } from './call-watch.ts';
import { Histogram } from './histogram.ts';
import { LARGE_MESSAGE, LargeMessages } from './large-messages.ts';
import { RecentCalls, type RecentFigures } from './recent-calls.ts';
import { type RuntimeFigures, RuntimeStats } from './runtime-stats.ts';

/** A method that is counted by name. `timed`: its duration has a meaning, unlike that of a stream that stays open. */
export interface KnownMethod {
  readonly name: string;
  readonly timed: boolean;
}

/** Clients' calls. `open`: under way now, streams among them. `ownP50`, `ownP99`: of the proxy's own share, in ms. */
export interface ClientFigures extends RecentFigures {
  readonly calls: number;
  readonly errors: number;
  readonly open: number;
  readonly openStreams: number;
  readonly ownP50: number | undefined;
  readonly ownP99: number | undefined;
}

export type Direction = 'request' | 'response';

export const directions: readonly Direction[] = ['request', 'response'];

/** The method of all paths that are not known. */
export const OTHER = 'other';

/** Bounds in seconds: from a call that only passes through to the pull of a large image. */
const CALL_BOUNDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120];
const OWN_BOUNDS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5];
const MiB = 1024 * 1024;
const SIZE_BOUNDS = [1024, 16 * 1024, 64 * 1024, 256 * 1024, MiB, 2 * MiB, 4 * MiB, 8 * MiB, LARGE_MESSAGE, 16 * MiB];

/** Counts every call, always: in typed arrays that are made once for each method, runtime and code that occurs. */
export class CallStats implements CallObserver {
  /** Names of methods; the last is OTHER. All counts by method have the same order. */
  readonly methods: readonly string[];
  /** Clients' calls by the label of the runtime that has served them; by method; by code. */
  readonly calls = new Map<string, (Float64Array | undefined)[]>();
  /** Times of clients' calls by method, in seconds. */
  readonly durations: (Histogram | undefined)[] = [];
  /** The time of unary calls during which no runtime was waited for, in seconds. */
  readonly own = new Histogram(OWN_BOUNDS);
  /** Of messages between clients and the proxy, in bytes. */
  readonly sizes: Readonly<Record<Direction, Histogram>> = {
    request: new Histogram(SIZE_BOUNDS),
    response: new Histogram(SIZE_BOUNDS),
  };
  /** The largest message of each method, in bytes, and how many were large. */
  readonly largest: Readonly<Record<Direction, Float64Array>>;
  readonly large: Readonly<Record<Direction, Float64Array>>;
  /** By the label of the runtime. */
  readonly runtimes = new Map<string, RuntimeStats>();
  private readonly indexes = new Map<string, number>();
  private readonly timed: boolean[] = [];
  private readonly byId = new Map<string, RuntimeStats>();
  private readonly warner: LargeMessages;
  private readonly recent = new RecentCalls();
  private readonly recentOwn = new RecentCalls();
  private lastPath = '';
  private lastMethod: number;
  private begunCalls = 0;
  private endedCalls = 0;
  private begunStreams = 0;
  private endedStreams = 0;
  private errors = 0;

  /** `known` by gRPC path: several paths may be the same method. */
  constructor(known: ReadonlyMap<string, KnownMethod>, log: Logger) {
    const names = [...new Set([...known.values()].map(({ name }) => name))];
    this.methods = [...names, OTHER];
    for (const [path, { name, timed }] of known) {
      const index = names.indexOf(name);
      this.indexes.set(path, index);
      this.timed[index] = timed;
    }
    this.timed.push(false);
    this.largest = { request: new Float64Array(names.length + 1), response: new Float64Array(names.length + 1) };
    this.large = { request: new Float64Array(names.length + 1), response: new Float64Array(names.length + 1) };
    this.lastMethod = names.length;
    this.warner = new LargeMessages(log);
  }

  /** All zeros for a runtime that was never called. */
  snapshotOfRuntime(id: string): RuntimeFigures {
    return this.ofRuntime(id).figures();
  }

  snapshotOfClients(): ClientFigures {
    const own = this.recentOwn.figures();
    return {
      calls: this.endedCalls,
      errors: this.errors,
      open: this.begunCalls - this.endedCalls,
      openStreams: this.begunStreams - this.endedStreams,
      ...this.recent.figures(),
      ownP50: own.p50,
      ownP99: own.p99,
    };
  }

  /** Drops the series of removed runtimes. */
  keepOnly(ids: readonly string[]): void {
    for (const id of this.byId.keys()) {
      if (ids.includes(id)) continue;
      this.byId.delete(id);
      this.runtimes.delete(runtimeLabel(id));
      this.calls.delete(runtimeLabel(id));
    }
  }

  begun(call: CallRecord): void {
    this.begunCalls++;
    if (call.streams) this.begunStreams++;
  }

  passed(call: CallRecord, direction: Direction, bytes: number): void {
    this.sizes[direction].observe(bytes);
    const method = this.methodOf(call.path);
    const largest = this.largest[direction];
    if (bytes <= largest[method]! && bytes < LARGE_MESSAGE) return;
    largest[method] = Math.max(largest[method]!, bytes);
    if (bytes < LARGE_MESSAGE) return;
    this.large[direction][method]!++;
    this.warner.warn(this.methods[method]!, direction, bytes);
  }

  partEnded(part: Part): void {
    const method = this.methodOf(part.path);
    const duration = this.timed[method] ? part.endedAt! - part.begunAt : undefined;
    const runtime = this.ofRuntime(part.runtime);
    runtime.count(method, part.code, part.endedAt!, duration);
    if (isError(part.code)) runtime.noteError(this.methods[method]!, part.code, '');
  }

  ended(call: CallRecord): void {
    const method = this.methodOf(call.path);
    const endedAt = call.endedAt!;
    const error = isError(call.code);
    this.endedCalls++;
    if (call.streams) this.endedStreams++;
    if (error) this.errors++;
    this.recent.count(endedAt, error);
    this.codesOf(labelOf(call), method)[codeIndex(call.code)]!++;
    if (error) this.noteError(call, method);
    if (!this.timed[method]) return;
    const duration = endedAt - call.begunAt;
    this.recent.time(endedAt, duration);
    let durations = this.durations[method];
    if (durations === undefined) {
      durations = new Histogram(CALL_BOUNDS);
      this.durations[method] = durations;
    }
    durations.observe(duration / 1000);
    if (call.streams) return;
    const own = duration - waitedFor(call, endedAt);
    this.own.observe(own / 1000);
    this.recentOwn.time(endedAt, own);
  }

  /** A call asks four times, mostly one after the other. */
  private methodOf(path: string): number {
    if (path !== this.lastPath) {
      this.lastPath = path;
      this.lastMethod = this.indexes.get(path) ?? this.methods.length - 1;
    }
    return this.lastMethod;
  }

  private ofRuntime(id: string): RuntimeStats {
    let stats = this.byId.get(id);
    if (stats === undefined) {
      stats = new RuntimeStats(CALL_BOUNDS);
      this.byId.set(id, stats);
      this.runtimes.set(runtimeLabel(id), stats);
    }
    return stats;
  }

  private codesOf(runtime: string, method: number): Float64Array {
    let methods = this.calls.get(runtime);
    if (methods === undefined) {
      methods = [];
      this.calls.set(runtime, methods);
    }
    let codes = methods[method];
    if (codes === undefined) {
      codes = new Float64Array(codeLabels.length);
      methods[method] = codes;
    }
    return codes;
  }

  /** The runtime's reason, in the words that the client got, if there is one. */
  private noteError(call: CallRecord, method: number): void {
    for (const part of call.parts) {
      if (part.code === call.code) {
        this.ofRuntime(part.runtime).noteError(this.methods[method]!, call.code, call.message);
      }
    }
  }
}

function labelOf({ parts }: CallRecord): string {
  const [first] = parts;
  if (first === undefined) return NONE;
  for (const part of parts) if (part.runtime !== first.runtime) return SEVERAL;
  return runtimeLabel(first.runtime);
}

/** How long at least one runtime was being waited for, in ms. Parts are in the order of their beginnings. */
function waitedFor({ parts }: CallRecord, endedAt: number): number {
  let waited = 0;
  let until = 0;
  for (const part of parts) {
    const end = Math.min(part.endedAt ?? endedAt, endedAt);
    if (end <= until) continue;
    waited += end - Math.max(part.begunAt, until);
    until = end;
  }
  return waited;
}
