import { Code } from '../../base/codes.ts';
import type { ProxyError } from '../../base/error.ts';
import { seconds } from '../../base/figure-text.ts';
import { Level } from '../../base/log-level.ts';
import type { Logger } from '../../base/logger.ts';
import { ownCall } from '../../base/own-call.ts';
import { runtimeName } from '../../base/runtime-name.ts';
import { checkItems } from '../../cri/read/listing.ts';
import { otherLabels, withoutMetrics } from '../../cri/read/samples.ts';
import { LIST_LIMIT } from '../asking/ask-list.ts';
import { Inquiry } from '../asking/inquiry.ts';
import { malformed } from '../asking/malformed.ts';
import type { Runtime } from '../port/runtime.ts';

/**
 * How long the last samples of a runtime that does not answer are of use, in ms. A pod without stats is the first that the kubelet
 * evicts (pkg/kubelet/eviction/helpers.go, memory: "prioritize evicting the pod for which no stats were found"), so old samples are
 * better than none. After ten minutes the kubelet itself takes a container's CPU sample for outdated
 * (pkg/kubelet/stats/cri_stats_provider.go, defaultCachePeriod).
 */
export const SAMPLE_AGE = 600_000;

/** Whether an answer to this list, asked for at this time, is still of use. Metric descriptors do not age. */
export function isOfUse(list: string, askedAt: number): boolean {
  return list === 'ListMetricDescriptors' || performance.now() - askedAt <= SAMPLE_AGE;
}

/**
 * The samples that a kubelet asks for: of containers, or of pods with its feature gate PodAndContainerStatsFromCRI
 * (pkg/kubelet/stats/cri_stats_provider.go, listPodStats).
 */
const PRIMED = ['ListContainerStats', 'ListPodSandboxStats'];

/** A whole answer to a list of samples, in the runtime's names and in the CRI API package of the answer. */
export interface Sample {
  readonly message: Buffer;
  readonly served: string;
}

/** Throws Internal for an answer that is no list, because it will be joined with other answers. */
export function checkedSample(runtime: Runtime, message: Buffer, served: string): Sample {
  try {
    checkItems(message);
    return { message, served };
  } catch (fault) {
    throw malformed(fault, Code.Internal, `${runtimeName(runtime.id)} sent malformed samples`);
  }
}

/** The source of a runtime's part of a list of samples: the runtime, its last samples, or none if the part is left out. */
export type Source = 'live' | 'last' | 'none';

/** The last samples of all secondaries, and the sources that the log has told. */
export class Samples {
  private readonly inquiries = new WeakMap<Runtime, Map<string, Inquiry<Sample>>>();
  /** Names of metrics whose labels differ from the descriptors that clients have. */
  private readonly unreadable = new WeakMap<Runtime, ReadonlySet<string>>();
  private readonly sources = new WeakMap<Inquiry<Sample>, Source>();
  private readonly log: Logger;

  constructor(log: Logger) {
    this.log = log;
  }

  /** The samples of a list's method, shared with its streaming method. */
  of(runtime: Runtime, list: string): Inquiry<Sample> {
    const ofRuntime = this.inquiries.get(runtime) ?? new Map<string, Inquiry<Sample>>();
    this.inquiries.set(runtime, ofRuntime);
    const inquiry = ofRuntime.get(list) ?? new Inquiry<Sample>();
    ofRuntime.set(list, inquiry);
    return inquiry;
  }

  /** `parts`: runtimes and their metric descriptors, in the order of the join. Clients get the first descriptor of a name. */
  noteDescriptors(parts: ReadonlyArray<readonly [Runtime, Buffer]>): void {
    for (const [at, [runtime, descriptors]] of parts.entries()) {
      const before = parts.slice(0, at).map(([, each]) => each);
      const names = otherLabels(descriptors, before);
      const said = [...(this.unreadable.get(runtime) ?? [])].join(', ');
      this.unreadable.set(runtime, names);
      const now = [...names].join(', ');
      if (names.size === 0 || now === said) continue;
      const text = `metrics of ${runtimeName(runtime.id)} are left out: an earlier runtime has the same names with other labels`;
      this.log.warn(`${text}: ${now}`, { runtime: runtime.id });
    }
  }

  /** The runtime's metrics that a client can read by the descriptors that it has. */
  readable(runtime: Runtime, metrics: Buffer): Buffer {
    const names = this.unreadable.get(runtime);
    return names === undefined || names.size === 0 ? metrics : withoutMetrics(metrics, names);
  }

  /** `runtime` has taken the place of `before`, whose samples are its own. */
  inherit(runtime: Runtime, before: Runtime): void {
    const known = this.inquiries.get(before);
    if (known !== undefined) this.inquiries.set(runtime, known);
  }

  /**
   * Asks a secondary that has come up for the samples that a kubelet asks for, so that a runtime whose stats take longer than `limit` ms
   * is not missing from the first list.
   */
  prime(runtime: Runtime, limit: number): void {
    const { id, state } = runtime;
    const [served] = state.kind === 'up' ? state.packages : [];
    if (id === '' || served === undefined) return;
    for (const list of PRIMED) {
      const path = `/${served}.RuntimeService/${list}`;
      void this.of(runtime, list).ask(runtime, limit, async () =>
        checkedSample(runtime, (await runtime.call(path, Buffer.alloc(0), ownCall(LIST_LIMIT))).message, served),
      );
    }
  }

  /** Logs a change of the source of a runtime's part. `reason`: why the part is not live. */
  note(runtime: Runtime, list: string, source: Source, reason: ProxyError | undefined): void {
    const inquiry = this.of(runtime, list);
    if ((this.sources.get(inquiry) ?? 'live') === source) return;
    this.sources.set(inquiry, source);
    const about = { method: list, runtime: runtime.id, change: true };
    const name = runtimeName(runtime.id);
    const why = reason?.message ?? '';
    if (source === 'live') this.log.info(Level.State, `${list} of ${name} is live again`, undefined, about);
    else if (source === 'none') this.log.warn(`${list} is sent without ${name}: ${why}`, about);
    else {
      const age = seconds(performance.now() - inquiry.last!.askedAt);
      this.log.warn(`${list} of ${name} comes from its last samples, of ${age} ago: ${why}`, about);
    }
  }
}
