/**
 * Which runtime a call is for. `status`: the primary, and what all say of themselves; `config`: the primary, whatever it lacks
 * made from its status; `byPodConfig`: the pod sandbox config names it; `byPod`, `byContainer`: the id in the request
 * does; `byImage`, `firstHolder`, `everyHolder`: that of the pod, or in the image's name, else the primary, the first that has
 * the image, or all that have it and do not use it; `list`: all, each one's part from its snapshot where it does not answer; `images`: the same,
 * and what several have is one item; `samples`: all that answer; `imageFs`: the
 * primary and, as chosen, all others that answer; `events`: all, as long as every one has them.
 */
export type Route =
  | 'primary'
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

/** What a call that succeeded has changed in the runtime's lists; `refresh`: more than the call itself says. */
export type Effect =
  | 'addPod'
  | 'stopPod'
  | 'removePod'
  | 'addContainer'
  | 'startContainer'
  | 'stopContainer'
  | 'removeContainer'
  | 'removeImage'
  | 'refresh';

/** The log level from which a method's calls are dumped. */
export const Level = { Change: 3, Status: 4, List: 5 } as const;

/** The oldest CRI API package that has a method: all later ones have it too. */
export type Since = 'runtime' | 'runtime.v1alpha2' | 'runtime.v1';

export interface MethodRow {
  readonly service: 'RuntimeService' | 'ImageService';
  readonly route: Route;
  readonly level: number;
  readonly since: Since;
  readonly streams: boolean;
  /** Message names, where they are not the method's own with `Request` and `Response` behind it. */
  readonly request?: string;
  readonly response?: string;
  readonly effect?: Effect;
  /** Of a streamed list: the unary method whose answer is, byte for byte, one message of the stream. */
  readonly unaryList?: string;
}

type Extra = Partial<Pick<MethodRow, 'request' | 'response' | 'unaryList'>>;

function runtime(route: Route, level: number, since: Since = 'runtime'): MethodRow {
  return { service: 'RuntimeService', route, level, since, streams: false };
}

function image(route: Route, level: number): MethodRow {
  return { service: 'ImageService', route, level, since: 'runtime', streams: false };
}

/** A method that changes what the lists say. */
function changing(effect: Effect, row: MethodRow): MethodRow {
  return { ...row, effect };
}

function stream(service: MethodRow['service'], route: Route, extra: Extra): MethodRow {
  return { service, route, level: Level.List, since: 'runtime.v1', streams: true, ...extra };
}

const { Change, Status, List } = Level;

/** The methods of CRI as of Kubernetes 1.37, a row each. */
export const methods: Readonly<Record<string, MethodRow>> = {
  Version: runtime('primary', Status),
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
  // Probes run it every few seconds: a status call to whoever reads the log.
  ExecSync: runtime('byContainer', Status),
  Exec: runtime('byContainer', Change),
  Attach: runtime('byContainer', Change),
  PortForward: runtime('byPod', Change),
  ContainerStats: runtime('byContainer', Status),
  ListContainerStats: runtime('samples', List),
  PodSandboxStats: runtime('byPod', Status, 'runtime.v1alpha2'),
  ListPodSandboxStats: runtime('samples', List, 'runtime.v1alpha2'),
  UpdateRuntimeConfig: runtime('all', Change),
  Status: runtime('status', Status),
  CheckpointContainer: runtime('byContainer', Change, 'runtime.v1'),
  CheckpointPod: runtime('byPod', Change, 'runtime.v1'),
  RestorePod: changing('refresh', runtime('byPodConfig', Change, 'runtime.v1')),
  GetContainerEvents: stream('RuntimeService', 'events', {
    request: 'GetEventsRequest',
    response: 'ContainerEventResponse',
  }),
  ListMetricDescriptors: runtime('samples', List, 'runtime.v1'),
  ListPodSandboxMetrics: runtime('samples', List, 'runtime.v1'),
  RuntimeConfig: runtime('config', Status, 'runtime.v1'),
  UpdatePodSandboxResources: runtime('byPod', Change, 'runtime.v1'),
  StreamPodSandboxes: stream('RuntimeService', 'list', { unaryList: 'ListPodSandbox' }),
  StreamContainers: stream('RuntimeService', 'list', { unaryList: 'ListContainers' }),
  StreamContainerStats: stream('RuntimeService', 'samples', { unaryList: 'ListContainerStats' }),
  StreamPodSandboxStats: stream('RuntimeService', 'samples', { unaryList: 'ListPodSandboxStats' }),
  StreamPodSandboxMetrics: stream('RuntimeService', 'samples', { unaryList: 'ListPodSandboxMetrics' }),
  StreamImages: stream('ImageService', 'images', { unaryList: 'ListImages' }),
  ListImages: image('images', List),
  ImageStatus: image('firstHolder', Status),
  PullImage: changing('refresh', image('byImage', Change)),
  RemoveImage: changing('removeImage', image('everyHolder', Change)),
  ImageFsInfo: image('imageFs', List),
};
