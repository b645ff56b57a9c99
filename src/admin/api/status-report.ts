import type { LeftPod } from './placement-answer.ts';
import type { SocketReport } from './socket-report.ts';

/**
 * GET /v1/status. Times are ISO 8601, ages and up-times in seconds, sizes in bytes, durations in ms. Null stands for an unknown value.
 * Fields may be added; one that is renamed, removed or means something else makes another `format`.
 */
export interface StatusReport {
  readonly format: 1;
  readonly time: string;
  readonly daemon: DaemonReport;
  /** The primary first. */
  readonly runtimes: readonly RuntimeReport[];
}

export interface DaemonReport {
  readonly version: string;
  /** The Node.js that runs it, and how that is linked, as `criproxy -version` has it. */
  readonly base: string;
  readonly pid: number;
  readonly startedAt: string;
  readonly uptimeSeconds: number;
  /** The socket that CRI is served on. */
  readonly listen: string;
  readonly adminSocket: string | null;
  /** `host:port`. */
  readonly metrics: string | null;
  readonly stateDir: string | null;
  /** The file of -config; null: flags alone. */
  readonly configFile: string | null;
  readonly logLevel: number;
  /** The faults that are injected into calls now, a sentence each; only with -enableFaults. */
  readonly faults?: readonly string[];
  readonly memory: { readonly rssBytes: number; readonly heapBytes: number; readonly externalBytes: number };
  /** Clients' calls. */
  readonly calls: ClientCallsReport | null;
  /** The option `sockets`; a daemon of before has none. */
  readonly sockets?: readonly SocketReport[];
  readonly eventLoopLag: { readonly p50Ms: number; readonly p99Ms: number; readonly maxMs: number } | null;
}

export interface RuntimeReport {
  /** Empty for the primary. */
  readonly id: string;
  readonly primary: boolean;
  readonly socket: string;
  readonly state: 'up' | 'down';
  /** False where it has never been up, not before this daemon either, and nothing is at its socket's path: no fault of a secondary. */
  readonly seen: boolean;
  /** It was up on this node once, and its pods are no longer known: lists fail until it is up, or forgotten. */
  readonly lost: boolean;
  readonly since: string;
  /** Set while it is up, and whole questions wait for longer than its limit: from when on it has answered nothing. */
  readonly notAnsweringSince: string | null;
  /** Why it is down. */
  readonly reason: string | null;
  /** As in its Version. */
  readonly name: string | null;
  readonly version: string | null;
  /** The CRI API packages that it serves, best first, as `runtime.v1`. */
  readonly packages: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** The pods that are left on a runtime that takes no new ones, the oldest first; null if it takes new ones. */
  readonly retiring: readonly LeftPod[] | null;
  /** Its last good lists, from which it is shown when it does not answer. */
  readonly snapshot: {
    readonly pods: ListReport | null;
    readonly containers: ListReport | null;
    readonly images: ListReport | null;
  };
  /** Calls to it, calls of the proxy itself included. */
  readonly calls: CallsReport | null;
  readonly lastError: LastError | null;
  /** Its own report on itself now: only with `?ask=true`. Null: it does not answer, or does not tell. */
  readonly asked?: AskedReport;
  /** Only with `?ask=true`. Null: its images, or the images of all others, are not known. */
  readonly soleImages?: SoleImagesReport | null;
}

/** Names of images. `only`: no other runtime has them. `missing`: pods use them whose successors go to `runtime`, which has not. */
export interface SoleImagesReport {
  readonly only: readonly string[];
  readonly missing: readonly { readonly runtime: string; readonly names: readonly string[] }[];
}

/** A secondary runtime that was never there is no fault: it may be set up later, or never. */
export function isAwaited({ id, seen }: Pick<RuntimeReport, 'id' | 'seen'>): boolean {
  return id !== '' && seen === false; // a daemon of before does not say
}

export interface ListReport {
  readonly items: number;
  readonly ageSeconds: number;
}

/**
 * Calls since the daemon started, rates over the last 10 s, and quantiles over the last minute, null if there was no call. `errors` are
 * without the codes that are normal on a healthy node: NotFound, Cancelled, Unimplemented.
 */
export interface CallsReport {
  readonly total: number;
  readonly errors: number;
  readonly perSecond: number;
  readonly errorsPerSecond: number;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
}

/** `ownP50Ms`, `ownP99Ms`: the proxy's own share of the time of a unary call. */
export interface ClientCallsReport extends CallsReport {
  readonly open: number;
  readonly openStreams: number;
  readonly ownP50Ms: number | null;
  readonly ownP99Ms: number | null;
}

export interface LastError {
  readonly time: string;
  readonly method: string;
  /** The gRPC code's name, as `Unavailable`. */
  readonly code: string;
  /** May be empty. */
  readonly message: string;
}

export interface AskedReport {
  readonly cgroupDriver: 'systemd' | 'cgroupfs' | null;
  /** Conditions of its Status, as RuntimeReady. */
  readonly conditions: readonly ConditionReport[] | null;
}

export interface ConditionReport {
  readonly type: string;
  readonly status: boolean;
  readonly reason: string;
  readonly message: string;
}
