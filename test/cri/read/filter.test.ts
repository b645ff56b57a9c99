import { test } from 'tap';
import { isWholeList, type ListName, listFilter } from '../../../src/cri/read/filter.ts';
import { criTypes, type Message } from '../../support/cri-types.ts';
import { methodFact } from '../../support/facts.ts';

const types = criTypes('runtime.v1');
const pod = { id: 'abcdef', state: 'SANDBOX_READY', labels: { app: 'web', 'io.kubernetes.pod.uid': 'u1' } };
const stopped = { ...pod, state: 'SANDBOX_NOTREADY' };
const container = { id: 'c0ffee', pod_sandbox_id: 'abcdef', state: 'CONTAINER_CREATED', labels: { app: 'web' } };
const exited = { ...container, state: 'CONTAINER_EXITED' };
const digest = `sha256:${'a1'.repeat(32)}`;
const image = {
  id: digest,
  repo_tags: ['docker.io/library/busybox:latest', 'r.io/a/b:2'],
  repo_digests: [`r.io/a/b@${digest}`],
};

const rows: ReadonlyArray<[ListName, Message, Message | undefined, boolean]> = [
  ['ListPodSandbox', pod, undefined, true],
  ['ListPodSandbox', pod, {}, true],
  ['ListPodSandbox', pod, { id: 'abcdef' }, true],
  ['ListPodSandbox', pod, { id: 'abc' }, true],
  ['ListPodSandbox', pod, { id: 'bcd' }, false],
  ['ListPodSandbox', pod, { state: { state: 'SANDBOX_READY' } }, true],
  ['ListPodSandbox', stopped, { state: { state: 'SANDBOX_READY' } }, false],
  ['ListPodSandbox', stopped, { state: { state: 'SANDBOX_NOTREADY' } }, true],
  ['ListPodSandbox', pod, { label_selector: { app: 'web' } }, true],
  ['ListPodSandbox', pod, { label_selector: { app: 'db' } }, false],
  ['ListPodSandbox', pod, { label_selector: { app: 'web', 'io.kubernetes.pod.uid': 'u1' } }, true],
  ['ListPodSandbox', pod, { label_selector: { app: 'web', more: '' } }, false],
  ['ListPodSandbox', pod, { id: 'abc', state: { state: 'SANDBOX_NOTREADY' } }, false],
  ['ListContainers', container, { id: 'c0' }, true],
  ['ListContainers', container, { pod_sandbox_id: 'abcdef' }, true],
  ['ListContainers', container, { pod_sandbox_id: 'other' }, false],
  ['ListContainers', container, { state: { state: 'CONTAINER_CREATED' } }, true],
  ['ListContainers', exited, { state: { state: 'CONTAINER_CREATED' } }, false],
  ['ListContainers', exited, { state: { state: 'CONTAINER_EXITED' }, label_selector: { app: 'web' } }, true],
  ['ListContainers', exited, { state: { state: 'CONTAINER_EXITED' }, label_selector: { app: 'x' } }, false],
  ['ListImages', image, {}, true],
  ['ListImages', image, { image: { image: 'busybox' } }, true],
  ['ListImages', image, { image: { image: 'busybox:latest' } }, true],
  ['ListImages', image, { image: { image: 'busybox:1' } }, false],
  ['ListImages', image, { image: { image: 'docker.io/library/busybox' } }, true],
  ['ListImages', image, { image: { image: 'r.io/a/b:2' } }, true],
  ['ListImages', image, { image: { image: 'r.io/a/b' } }, false],
  ['ListImages', image, { image: { image: digest } }, true],
  ['ListImages', image, { image: { image: digest.slice('sha256:'.length) } }, true],
  ['ListImages', image, { image: { image: `r.io/a/b@${digest}` } }, true],
];

const itemType: Record<ListName, string> = {
  ListPodSandbox: 'PodSandbox',
  ListContainers: 'Container',
  ListImages: 'Image',
};

for (const [list, item, filter, expected] of rows) {
  const text = filter === undefined ? 'no filter' : JSON.stringify(filter);
  test(`${list} with ${text}: ${item['state'] ?? 'the image'} ${expected ? 'passes' : 'does not pass'}`, async t => {
    const request = types.encode(methodFact(list).request, filter === undefined ? {} : { filter });
    t.equal(listFilter(list, request)(types.encode(itemType[list], item)), expected);
  });
}

for (const [list, filter, whole] of [
  ['ListPodSandbox', {}, true],
  ['ListPodSandbox', { id: '' }, true],
  ['ListPodSandbox', { state: {} }, false],
  ['ListContainers', { label_selector: { a: 'b' } }, false],
  ['ListContainers', { pod_sandbox_id: 'p' }, false],
  ['ListImages', { image: {} }, true],
  ['ListImages', { image: { image: 'x' } }, false],
] as const) {
  test(`${list} with ${JSON.stringify(filter)} asks for ${whole ? 'all' : 'a part'}`, async t => {
    t.equal(isWholeList(list, types.encode(methodFact(list).request, { filter })), whole);
  });
}
