import { Level } from '../../base/log-level.ts';
/**
 * The runtime that a call is for.
 * - `identity`: the primary, or its last answer; `status`: the primary, with the states of all; `config`: the primary, with missing
 *   fields made from its status;
 * - `byPodConfig`: named by the pod sandbox config; `byPod`, `byContainer`: named by the id in the request;
 * - `byImage`, `firstHolder`, `everyHolder`: the pod's runtime, or the one in the image's name; else the primary, the first runtime
 *   that has the image, or all runtimes that have the image and do not use it;
 * - `list`: all, with a part from the snapshot of a runtime that does not answer; `images`: the same, and an image that several
 *   runtimes have is one item;
 * - `samples`: all, with the last samples of a secondary that does not answer; `imageFs`: the same, as configured;
 * - `events`: all, as long as every runtime has events.
 */
export type Route =
  | 'primary'
  | 'identity'
  | 'status'
  | 'config'
  | 'all'
  | 'byPodConfig'
  | 'byPod'
  | 'byContainer'
  | 'byImage'
  | 'firstHolder'
  | 'everyHolder'
  | 'list'
  | 'images'
  | 'samples'
  | 'imageFs'
  | 'events';

/** The change that a successful call makes in the runtime's lists. */
export type Effect =
  | 'addPod'
  | 'stopPod'
  | 'removePod'
  | 'addContainer'
  | 'startContainer'
  | 'stopContainer'
  | 'removeContainer'
  | 'pullImage'
  | 'removeImage'
  | 'restorePod';

/**
 * How the answers of several runtimes become one. `items`: one list behind the other, for clients that know each item by its own
 * id. `images`: an image that several runtimes have is one item (see mergeImages). `descriptors`: one of each name, since the kubelet
 * keys descriptors by name (pkg/kubelet/metrics/collectors/cri_metrics.go, NewCRIMetricsCollector). `filesystems`: the container
 * filesystems of one runtime alone, since the kubelet compares the first container filesystem with the first image filesystem, and
 * takes a difference for a split disk (pkg/kubelet/container/container_gc.go, IsContainerFsSeparateFromImageFs).
 */
export type Join = 'items' | 'images' | 'descriptors' | 'filesystems';

/** The oldest CRI API package that has a method: all later ones have it too. */
export type Since = 'runtime' | 'runtime.v1alpha2' | 'runtime.v1';

export interface MethodRow {
  readonly service: 'RuntimeService' | 'ImageService';
  readonly route: Route;
  /** The log level from which its calls are dumped. */
  readonly level: Level;
  readonly since: Since;
  readonly streams: boolean;
  /** Message names, where they are not the method's own with `Request` and `Response` behind it. */
  readonly request?: string;
  readonly response?: string;
  readonly effect?: Effect;
  /** Of a method for several runtimes; `items` where there is none. */
  readonly join?: Join;
  /**
   * Offered only if every runtime that may have pods has it, else Unimplemented: the client has another way then, and would take
   * a part for the whole.
   */
  readonly needsAll?: true;
  /** Of a streamed list: the unary method whose answer is, byte for byte, one message of the stream. */
  readonly unaryList?: string;
}

type Extra = Partial<Pick<MethodRow, 'request' | 'response' | 'unaryList' | 'join' | 'needsAll'>>;

function runtime(route: Route, level: Level, since: Since = 'runtime'): MethodRow {
  return { service: 'RuntimeService', route, level, since, streams: false };
}

function image(route: Route, level: Level): MethodRow {
  return { service: 'ImageService', route, level, since: 'runtime', streams: false };
}

/** A method that changes the lists. */
function changing(effect: Effect, row: MethodRow): MethodRow {
  return { ...row, effect };
}

function joined(join: Join, row: MethodRow): MethodRow {
  return { ...row, join };
}

function stream(service: MethodRow['service'], route: Route, extra: Extra): MethodRow {
  return { service, route, level: Level.List, since: 'runtime.v1', streams: true, ...extra };
}

const { Change, Status, List } = Level;

/** The methods of CRI as of Kubernetes 1.37, a row each. */
export const methods: Readonly<Record<string, MethodRow>> = {
  Version: runtime('identity', Status),
  RunPodSandbox: changing('addPod', runtime('byPodConfig', Change)),
  StopPodSandbox: changing('stopPod', runtime('byPod', Change)),
  RemovePodSandbox: changing('removePod', runtime('byPod', Change)),
  PodSandboxStatus: runtime('byPod', Status),
  ListPodSandbox: runtime('list', List),
  CreateContainer: changing('addContainer', runtime('byPod', Change)),
  StartContainer: changing('startContainer', runtime('byContainer', Change)),
  StopContainer: changing('stopContainer', runtime('byContainer', Change)),
  RemoveContainer: changing('removeContainer', runtime('byContainer', Change)),
  ListContainers: runtime('list', List),
  ContainerStatus: runtime('byContainer', Status),
  UpdateContainerResources: runtime('byContainer', Change),
  ReopenContainerLog: runtime('byContainer', Change, 'runtime.v1alpha2'),
  // Probes run it every few seconds, so the log treats it as a status call.
  ExecSync: runtime('byContainer', Status),
  Exec: runtime('byContainer', Change),
  Attach: runtime('byContainer', Change),
  PortForward: runtime('byPod', Change),
  ContainerStats: runtime('byContainer', Status),
  ListContainerStats: runtime('samples', List),
  PodSandboxStats: runtime('byPod', Status, 'runtime.v1alpha2'),
  // Without it a kubelet makes them of ListContainerStats and cAdvisor (pkg/kubelet/stats/cri_stats_provider.go, listPodStats).
  ListPodSandboxStats: { ...runtime('samples', List, 'runtime.v1alpha2'), needsAll: true },
  UpdateRuntimeConfig: runtime('all', Change),
  // Joined by node-status.ts: conditions are added, handlers are one of each name, a feature is there if all have it.
  Status: runtime('status', Status),
  CheckpointContainer: runtime('byContainer', Change, 'runtime.v1'),
  CheckpointPod: runtime('byPod', Change, 'runtime.v1'),
  RestorePod: changing('restorePod', runtime('byPodConfig', Change, 'runtime.v1')),
  GetContainerEvents: stream('RuntimeService', 'events', {
    request: 'GetEventsRequest',
    response: 'ContainerEventResponse',
    needsAll: true,
  }),
  ListMetricDescriptors: joined('descriptors', runtime('samples', List, 'runtime.v1')),
  ListPodSandboxMetrics: runtime('samples', List, 'runtime.v1'),
  RuntimeConfig: runtime('config', Status, 'runtime.v1'),
  UpdatePodSandboxResources: runtime('byPod', Change, 'runtime.v1'),
  StreamPodSandboxes: stream('RuntimeService', 'list', { unaryList: 'ListPodSandbox' }),
  StreamContainers: stream('RuntimeService', 'list', { unaryList: 'ListContainers' }),
  StreamContainerStats: stream('RuntimeService', 'samples', { unaryList: 'ListContainerStats' }),
  StreamPodSandboxStats: stream('RuntimeService', 'samples', { unaryList: 'ListPodSandboxStats', needsAll: true }),
  StreamPodSandboxMetrics: stream('RuntimeService', 'samples', { unaryList: 'ListPodSandboxMetrics' }),
  StreamImages: stream('ImageService', 'images', { unaryList: 'ListImages', join: 'images' }),
  ListImages: joined('images', image('images', List)),
  ImageStatus: image('firstHolder', Status),
  PullImage: changing('pullImage', image('byImage', Change)),
  RemoveImage: changing('removeImage', image('everyHolder', Change)),
  ImageFsInfo: joined('filesystems', image('imageFs', List)),
};
