import type { Test } from 'tap';
import type { CriClient, Outcome } from '../../support/cri-client.ts';
import type { Message } from '../../support/cri-types.ts';
import { methods } from '../../support/facts.ts';
import { type Pod, removePod, runContainer, runPod } from '../../support/pods.ts';
import type { Side, TwoRuntimes } from '../../support/two-runtimes.ts';

/** The names of a pod with one container, as a client of the proxy or of the runtime gives them. */
interface Names {
  readonly pod: string;
  readonly container: string;
  readonly image: string;
}

/** Calls for one pod, container or image that change nothing, or repeat a change. */
const requests: Readonly<Record<string, (names: Names) => Message>> = {
  PodSandboxStatus: ({ pod }) => ({ pod_sandbox_id: pod }),
  ListPodSandbox: ({ pod }) => ({ filter: { id: pod } }),
  PodSandboxStats: ({ pod }) => ({ pod_sandbox_id: pod }),
  ListPodSandboxStats: ({ pod }) => ({ filter: { id: pod } }),
  UpdatePodSandboxResources: ({ pod }) => ({ pod_sandbox_id: pod }),
  PortForward: ({ pod }) => ({ pod_sandbox_id: pod, port: [80] }),
  CheckpointPod: ({ pod }) => ({ pod_sandbox_id: pod }),
  ContainerStatus: ({ container }) => ({ container_id: container }),
  ListContainers: ({ container }) => ({ filter: { id: container } }),
  ContainerStats: ({ container }) => ({ container_id: container }),
  ListContainerStats: ({ container }) => ({ filter: { id: container } }),
  // The container runs already.
  StartContainer: ({ container }) => ({ container_id: container }),
  UpdateContainerResources: ({ container }) => ({ container_id: container, linux: { cpu_shares: 200 } }),
  ReopenContainerLog: ({ container }) => ({ container_id: container }),
  ExecSync: ({ container }) => ({ container_id: container, cmd: ['echo', 'hello'] }),
  Exec: ({ container }) => ({ container_id: container, cmd: ['true'], stdout: true }),
  Attach: ({ container }) => ({ container_id: container, stdout: true }),
  // No release here can do it without criu, which is not installed.
  CheckpointContainer: ({ container }) => ({ container_id: container, location: '/tmp/criproxy-no-checkpoint' }),
  ImageStatus: ({ image }) => ({ image: { image } }),
};

/** Calls whose answer differs each time: stats and URLs with tokens. */
const varying = ['PodSandboxStats', 'ListPodSandboxStats', 'ContainerStats', 'ListContainerStats'];
const urls = ['Exec', 'Attach', 'PortForward'];

/** Calls for a pod, container or image that is gone; the first four change it if it is there. */
const farewells: Readonly<Record<string, (names: Names) => Message>> = {
  StopContainer: ({ container }) => ({ container_id: container }),
  RemoveContainer: ({ container }) => ({ container_id: container }),
  StopPodSandbox: ({ pod }) => ({ pod_sandbox_id: pod }),
  RemovePodSandbox: ({ pod }) => ({ pod_sandbox_id: pod }),
  PodSandboxStatus: ({ pod }) => ({ pod_sandbox_id: pod }),
  ContainerStatus: ({ container }) => ({ container_id: container }),
  ExecSync: ({ container }) => ({ container_id: container, cmd: ['true'] }),
};

/** Calls without an id: every release here answers them, or none does. */
const ofAll = ['Version', 'Status', 'RuntimeConfig', 'UpdateRuntimeConfig', 'ListImages', 'ImageFsInfo'];
const ofNone = ['ListMetricDescriptors', 'ListPodSandboxMetrics', 'RestorePod'];
const streamsOfNone = methods.map(({ method }) => method).filter(method => method.startsWith('Stream'));
/** Methods that the other scenarios call. */
const elsewhere = ['RunPodSandbox', 'CreateContainer', 'PullImage', 'RemoveImage', 'GetContainerEvents'];

/** Each method of CRI ends as the runtime itself ends it, with its answer or its message. */
export async function checkMethods(t: Test, lab: TwoRuntimes): Promise<void> {
  const { client } = lab;
  const asked = [Object.keys(requests), Object.keys(farewells), ofAll, ofNone, streamsOfNone, elsewhere].flat();
  t.same([...new Set(asked)].sort(), methods.map(({ method }) => method).sort(), 'every method is called');

  for (const side of lab.sides) {
    await t.test(`for a pod on the ${side.name}`, async t => {
      const pod = await runPod(client, side, { linux: { cgroup_parent: side.containerd.cgroupParent } });
      const container = await runContainer(client, side, pod);
      for (const [method, request] of Object.entries(requests))
        await compare(t, client, side, method, request, namesOf(side, pod, container));
      await removePod(client, pod);
      for (const [method, request] of Object.entries(farewells))
        await compare(t, client, side, method, request, namesOf(side, pod, container));
    });
  }

  await t.test('without an id', async t => {
    for (const method of ofAll) t.match(await client.ask(method), { code: 0 }, method);
    for (const method of ofNone) t.match(await client.ask(method), { code: 12 }, `${method} is Unimplemented`);
    for (const method of streamsOfNone) {
      const stream = client.stream(method);
      await t.rejects(stream[Symbol.asyncIterator]().next(), { code: 12 }, `${method} is Unimplemented`);
    }
  });
}

interface SideNames {
  readonly shown: Names;
  readonly own: Names;
}

function namesOf(side: Side, pod: Pod, container: string): SideNames {
  const image = 'docker.io/library/busybox:latest';
  const own = { pod: pod.id.slice(side.idPrefix.length), container: container.slice(side.idPrefix.length), image };
  return { shown: { pod: pod.id, container, image: side.imagePrefix + image }, own };
}

async function compare(
  t: Test,
  client: CriClient,
  side: Side,
  method: string,
  request: (names: Names) => Message,
  { shown, own }: SideNames,
): Promise<void> {
  const expected = await side.direct.ask(method, request(own));
  const got = await client.ask(method, request(shown));
  if (urls.includes(method)) t.match(got, { code: 0, response: { url: /^http:\/\/127\.0\.0\.1:\d+\// } }, method);
  else if (varying.includes(method)) t.equal(got.code, expected.code, `${method}: ${expected.code}`);
  else t.equal(told(got), told(expected), `${method}: ${expected.code}`);
}

/** The code, the message and the answer, in the runtime's own names. */
function told({ code, details, response }: Outcome<Message>): string {
  const plain = (_key: string, value: unknown) => (typeof value === 'bigint' ? String(value) : value);
  return JSON.stringify({ code, details, response }, plain).replaceAll(/alt(__|\/)/g, '');
}
