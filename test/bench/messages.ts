import type { Answers } from './peers/answers.ts';
import { entries, field, number } from './protobuf.ts';

const service = '/runtime.v1.RuntimeService';

/** 64 hexadecimal digits, like the ids of containerd. */
export const id = (name: string, i: number) => Buffer.from(`${name}${i}`.padEnd(32, '0')).toString('hex');

export const labels = (i: number) => ({
  'io.kubernetes.container.name': `container-${i}`,
  'io.kubernetes.pod.name': `pod-${i}-7d4b9c5f6d-x2x9z`,
  'io.kubernetes.pod.namespace': 'kube-system',
  'io.kubernetes.pod.uid': '0d2f0d9e-6a4d-4b1e-9d3a-1f0c7e5a2b11',
});

const annotations = {
  'io.kubernetes.container.hash': '5f3c2a1b',
  'io.kubernetes.container.restartCount': '0',
  'io.kubernetes.container.terminationMessagePath': '/dev/termination-log',
  'io.kubernetes.container.terminationMessagePolicy': 'File',
  'io.kubernetes.pod.terminationGracePeriod': '30',
};

export const image =
  'registry.k8s.io/kube-apiserver@sha256:5a2f0d9e6a4d4b1e9d3a1f0c7e5a2b115a2f0d9e6a4d4b1e9d3a1f0c7e5a2b11';

/** runtime.v1.Container, as large as a container of a kubelet. */
function container(name: string, i: number): Buffer {
  return Buffer.concat([
    field(1, id(`${name}c`, i)),
    field(2, id(`${name}s`, i)),
    field(3, field(1, `container-${i}`)),
    field(4, field(1, image)),
    field(5, image),
    number(6, 1),
    number(7, 1_700_000_000_000_000_000),
    entries(8, labels(i)),
    entries(9, annotations),
  ]);
}

/** VersionResponse. */
export const version = Buffer.concat([field(1, '0.1.0'), field(2, 'canned'), field(3, '1.2.3'), field(4, 'v1')]);

/** ContainerStatusRequest. */
export const statusRequest = field(1, id('ac', 7));

/** ContainerStatusResponse of that container. */
export const statusResponse = field(
  1,
  Buffer.concat([
    field(1, id('ac', 7)),
    field(2, field(1, 'container-7')),
    number(3, 1),
    number(4, 1_700_000_000_000_000_000),
    field(8, field(1, image)),
    field(9, image),
    entries(12, labels(7)),
    entries(13, annotations),
  ]),
);

/** ListContainersResponse with `count` containers of the runtime called `name`. */
export function listResponse(name: string, count: number): Buffer {
  return Buffer.concat(Array.from({ length: count }, (_, i) => field(1, container(name, i))));
}

/** The answers of a runtime called `name`. `changing`: another list each time, since the proxy saves work when a list is the same. */
export function answers(name: string, count: number, changing: boolean): Answers {
  const list = listResponse(name, count);
  const lists = changing ? [list, Buffer.concat([list, listResponse(`${name}x`, 1)])] : [list];
  return {
    [`${service}/Version`]: { messages: [version] },
    [`${service}/ContainerStatus`]: { messages: [statusResponse] },
    [`${service}/ListContainers`]: { messages: lists },
  };
}
