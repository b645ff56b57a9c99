/** The named sets of methods that a socket can allow. `all`, which is not here, is every method of methods.ts:
 * a method that changes pods, containers or the node is in no other. */
export const methodSets = {
  /** Methods that change nothing and run nothing: lists, statuses, samples, events. */
  read: [
    'Version',
    'Status',
    'RuntimeConfig',
    'ListPodSandbox',
    'PodSandboxStatus',
    'ListContainers',
    'ContainerStatus',
    'ContainerStats',
    'ListContainerStats',
    'PodSandboxStats',
    'ListPodSandboxStats',
    'ListMetricDescriptors',
    'ListPodSandboxMetrics',
    'GetContainerEvents',
    'StreamPodSandboxes',
    'StreamContainers',
    'StreamContainerStats',
    'StreamPodSandboxStats',
    'StreamPodSandboxMetrics',
    'StreamImages',
    'ListImages',
    'ImageStatus',
    'ImageFsInfo',
  ],
  /** Version is in each set, because a client asks for it before anything else. */
  images: ['Version', 'ListImages', 'StreamImages', 'ImageStatus', 'ImageFsInfo', 'PullImage', 'RemoveImage'],
  exec: ['Version', 'Exec', 'ExecSync', 'Attach', 'PortForward'],
} as const satisfies Readonly<Record<string, readonly string[]>>;
