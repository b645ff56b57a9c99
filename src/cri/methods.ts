/**
 * Which runtime a call is for. `byPodConfig`: the pod sandbox config names it; `byPod`, `byContainer`, `byImage`: the id or
 * name in the request does; `firstHolder`, `everyHolder`: as byImage, and a digest is asked of all runtimes, the first that
 * has it answers, or all of them do it; `join`: all, their answers concatenated; `joinSamples`: likewise, and a runtime
 * without the method has no part; `events`: all, for as long as the client listens.
 */
export type Route =
  | 'primary'
  | 'all'
  | 'byPodConfig'
  | 'byPod'
  | 'byContainer'
  | 'byImage'
  | 'firstHolder'
  | 'everyHolder'
  | 'join'
  | 'joinSamples'
  | 'events';

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

function stream(service: MethodRow['service'], route: Route, extra: Extra): MethodRow {
  return { service, route, level: Level.List, since: 'runtime.v1', streams: true, ...extra };
}

const { Change, Status, List } = Level;

/** The methods of CRI as of Kubernetes 1.37, a row each. */
export const methods: Readonly<Record<string, MethodRow>> = {
  Version: runtime('primary', Status),
  RunPodSandbox: runtime('byPodConfig', Change),
  StopPodSandbox: runtime('byPod', Change),
  RemovePodSandbox: runtime('byPod', Change),
  PodSandboxStatus: runtime('byPod', Status),
  ListPodSandbox: runtime('join', List),
  CreateContainer: runtime('byPod', Change),
  StartContainer: runtime('byContainer', Change),
  StopContainer: runtime('byContainer', Change),
  RemoveContainer: runtime('byContainer', Change),
  ListContainers: runtime('join', List),
  ContainerStatus: runtime('byContainer', Status),
  UpdateContainerResources: runtime('byContainer', Change),
  ReopenContainerLog: runtime('byContainer', Change, 'runtime.v1alpha2'),
  // Probes run it every few seconds: a status call to whoever reads the log.
  ExecSync: runtime('byContainer', Status),
  Exec: runtime('byContainer', Change),
  Attach: runtime('byContainer', Change),
  PortForward: runtime('byPod', Change),
  ContainerStats: runtime('byContainer', Status),
  ListContainerStats: runtime('join', List),
  PodSandboxStats: runtime('byPod', Status, 'runtime.v1alpha2'),
  ListPodSandboxStats: runtime('join', List, 'runtime.v1alpha2'),
  UpdateRuntimeConfig: runtime('all', Change),
  Status: runtime('primary', Status),
  CheckpointContainer: runtime('byContainer', Change, 'runtime.v1'),
  CheckpointPod: runtime('byPod', Change, 'runtime.v1'),
  RestorePod: runtime('byPodConfig', Change, 'runtime.v1'),
  GetContainerEvents: stream('RuntimeService', 'events', {
    request: 'GetEventsRequest',
    response: 'ContainerEventResponse',
  }),
  ListMetricDescriptors: runtime('joinSamples', List, 'runtime.v1'),
  ListPodSandboxMetrics: runtime('joinSamples', List, 'runtime.v1'),
  RuntimeConfig: runtime('primary', Status, 'runtime.v1'),
  UpdatePodSandboxResources: runtime('byPod', Change, 'runtime.v1'),
  StreamPodSandboxes: stream('RuntimeService', 'join', { unaryList: 'ListPodSandbox' }),
  StreamContainers: stream('RuntimeService', 'join', { unaryList: 'ListContainers' }),
  StreamContainerStats: stream('RuntimeService', 'join', { unaryList: 'ListContainerStats' }),
  StreamPodSandboxStats: stream('RuntimeService', 'join', { unaryList: 'ListPodSandboxStats' }),
  StreamPodSandboxMetrics: stream('RuntimeService', 'joinSamples', { unaryList: 'ListPodSandboxMetrics' }),
  StreamImages: stream('ImageService', 'join', { unaryList: 'ListImages' }),
  ListImages: image('join', List),
  ImageStatus: image('firstHolder', Status),
  PullImage: image('byImage', Change),
  RemoveImage: image('everyHolder', Change),
  ImageFsInfo: image('join', List),
};
