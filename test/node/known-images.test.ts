import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Test, test } from 'tap';
import { waitFor } from '../support/child.ts';
import { type CriClient, connect } from '../support/cri-client.ts';
import type { Message } from '../support/cri-types.ts';
import { startProxy } from '../support/proxy.ts';
import { needs } from '../support/require.ts';
import { type Side, startTwoRuntimes, type TwoRuntimes } from '../support/two-runtimes.ts';

const FIRST_SEEN = 'kubernetes.io/config.seen';
const TARGET = 'kubernetes.io/target-runtime';
/** A time longer than criproxy may wait for a secondary on a busy machine, and shorter than the kubelet's deadline, 2 minutes. */
const PATIENCE = 30_000;
let last = 0;

/** A pod in the kubelet's words: the time at which the kubelet first saw it, and its annotations are in all calls. */
interface KubePod {
  readonly id: string;
  readonly config: Message;
}

async function makePod(client: CriClient, handler: string, annotations: Message = {}): Promise<KubePod> {
  const name = `known-${++last}`;
  const config = {
    metadata: { name, uid: `uid-${name}`, namespace: 'tests' },
    annotations: { [FIRST_SEEN]: `2026-11-27T18:00:00.0000${last}Z`, ...annotations },
    linux: {},
  };
  const { pod_sandbox_id } = await client.call('RunPodSandbox', { config, runtime_handler: handler });
  return { id: pod_sandbox_id, config };
}

/** The same pod after the kubelet has restarted: the kubelet has first seen it at another time. */
function seenAnew({ id, config }: KubePod): KubePod {
  return { id, config: { ...config, annotations: { ...config['annotations'], [FIRST_SEEN]: `again ${++last}` } } };
}

/** Starts a container as the kubelet does (kuberuntime, startContainer), with IfNotPresent or Never. */
async function startContainer(client: CriClient, { id, config }: KubePod, image: string, mayPull = true) {
  const spec = { image, annotations: config['annotations'] };
  const present = (await client.call('ImageStatus', { image: spec })).image;
  if (present === null && !mayPull) throw new Error('ErrImageNeverPull');
  const image_ref =
    present?.id ?? (await client.call('PullImage', { image: spec, sandbox_config: config }))['image_ref'];
  const { container_id } = await client.call('CreateContainer', {
    pod_sandbox_id: id,
    sandbox_config: config,
    config: {
      metadata: { name: `c-${++last}` },
      image: { image: image_ref, user_specified_image: image },
      // A kubelet takes the image's own command.
      command: ['sleep', '3600'],
      linux: {},
    },
  });
  await client.call('StartContainer', { container_id });
  const { status } = await client.call('ContainerStatus', { container_id });
  return { container_id, image_ref, pulled: present === null, status };
}

async function holds({ direct }: Side, id: string): Promise<boolean> {
  const { images } = await direct.call('ListImages');
  return images.some((image: Message) => image['id'] === id);
}

test('the knowledge about images on real runtimes', needs('root', 'demo', 'registry'), async t => {
  // containerd 1.6 does not keep the name that the user specified.
  const lab = await startTwoRuntimes({ releases: { secondary: '2.1' } });
  t.teardown(() => lab.stop());
  await t.test('a pod after a restart of the kubelet', t => checkSeenAnew(t, lab));
  await t.test('removing by an id', t => checkRemoval(t, lab));
  await t.test('names come back as they were given', t => checkNames(t, lab));
  await t.test('an id of a runtime that is another one now', t => checkRename(t, lab));
  await t.test('a secondary that hangs or is down', t => checkSilence(t, lab));
});

async function checkSeenAnew(t: Test, { client, registry, primary }: TwoRuntimes): Promise<void> {
  const image = await registry.push('team/seen-anew:v1', { labels: { for: 'seen-anew' } });
  const onAlt = await makePod(client, 'alt');
  const first = await startContainer(client, onAlt, image);
  t.equal(await holds(primary, first.image_ref), false);
  const again = await startContainer(client, seenAnew(onAlt), image, false);
  t.equal(again.status.state, 'CONTAINER_RUNNING', 'it is there, whatever the policy');

  const here = seenAnew(await makePod(client, ''));
  await t.rejects(startContainer(client, here, image), { code: 5 }, 'a wrong guess fails');
  const second = await startContainer(client, here, image);
  t.equal(second.pulled, true, 'once: now it is known where the pod is');
  t.equal(second.status.state, 'CONTAINER_RUNNING');
}

async function checkRemoval(t: Test, { client, registry, primary, secondary }: TwoRuntimes): Promise<void> {
  const image = await registry.push('team/removed:v1', { labels: { for: 'removed' } });
  const pod = await makePod(client, '');
  const { image_ref, container_id } = await startContainer(client, pod, image);
  await client.call('PullImage', { image: { image: `alt/${image}` } });

  const hex = image_ref.slice('sha256:'.length);
  await client.call('RemoveImage', { image: { image: hex } });
  t.strictSame(
    [await holds(primary, image_ref), await holds(secondary, image_ref)],
    [true, true],
    "CRI-O's form of it",
  );

  const refused = await client.ask('RemoveImage', { image: { image: image_ref } });
  t.equal(refused.code, 9);
  t.match(refused.details, `of the primary runtime is used by its container ${container_id}`);
  t.strictSame([await holds(primary, image_ref), await holds(secondary, image_ref)], [true, false]);

  await client.call('StopPodSandbox', { pod_sandbox_id: pod.id });
  await client.call('RemovePodSandbox', { pod_sandbox_id: pod.id });
  await client.call('RemoveImage', { image: { image: image_ref } });
  t.equal(await holds(primary, image_ref), false, 'used by nothing');
}

async function checkNames(t: Test, { client, registry, proxy, primary, secondary }: TwoRuntimes): Promise<void> {
  const image = await registry.push('team/named:v1', { labels: { for: 'named' } });
  const nameOf = async (container_id: string) =>
    (await client.call('ContainerStatus', { container_id })).status.image.image;
  const bare = await startContainer(client, await makePod(client, 'alt'), image);
  const annotated = await startContainer(client, await makePod(client, '', { [TARGET]: 'alt' }), image);
  const prefixed = await startContainer(client, await makePod(client, 'alt'), `alt/${image}`);
  const expected = [image, image, `alt/${image}`];
  const containers = [bare, annotated, prefixed];
  t.strictSame(
    containers.map(({ status }) => status.image.image),
    expected,
  );
  await proxy.stop('SIGKILL');
  await proxy.start();
  await client.call('Version', {}, { deadline: PATIENCE });
  for (const [index, { container_id }] of containers.entries()) {
    t.equal(await nameOf(container_id), expected[index], 'after a restart of criproxy');
  }
  const { containers: listed } = await client.call('ListContainers');
  const byId = new Map<string, Message>(listed.map((each: Message) => [each['id'], each]));
  t.strictSame(
    containers.map(({ container_id }) => byId.get(container_id)!['image'].user_specified_image),
    expected,
  );

  for (const [flags, shown] of [
    [[], `alt/${image}`],
    [['-ids', 'raw'], image],
    [['-ids', 'raw', '-imageNames', 'prefixed'], `alt/${image}`],
  ] as const) {
    const sockets = `${primary.containerd.socketPath},alt:${secondary.containerd.socketPath}`;
    const other = await startProxy({ connect: sockets, flags });
    const second = connect(other.socketPath);
    const { images } = await second.call(
      'ListImages',
      { filter: { image: { image: `alt/${image}` } } },
      { deadline: PATIENCE },
    );
    t.ok(images.flatMap((each: Message) => each['repo_tags']).includes(shown), `${flags.join(' ')}: ${shown}`);
    second.close();
    await other.remove();
  }
}

async function checkRename(t: Test, lab: TwoRuntimes): Promise<void> {
  const image = await lab.registry.push('team/renamed:v1', { labels: { for: 'renamed' } });
  const pod = await makePod(lab.client, '', { [TARGET]: 'alt' });
  const first = await startContainer(lab.client, pod, image);
  await lab.proxy.stop();
  const stateDir = mkdtempSync(join(tmpdir(), 'criproxy-renamed-'));
  const sockets = `${lab.primary.containerd.socketPath},kata:${lab.secondary.containerd.socketPath}`;
  const renamed = await startProxy({ connect: sockets, flags: ['-stateDir', stateDir] });
  const client = connect(renamed.socketPath);
  t.teardown(async () => {
    client.close();
    await renamed.remove();
    rmSync(stateDir, { recursive: true });
    await lab.proxy.start();
    await lab.client.call('Version', {}, { deadline: PATIENCE });
  });
  const id = pod.id.replace('alt__', 'kata__');
  await client.call('PodSandboxStatus', { pod_sandbox_id: id }, { deadline: PATIENCE });
  await client.call('ListPodSandbox');
  const again = await startContainer(client, { ...pod, id }, image, false);
  t.equal(again.image_ref, first.image_ref);
  t.equal(again.status.state, 'CONTAINER_RUNNING', 'containers of the pod start again');
  const spec = { image, annotations: pod.config['annotations'] };
  const { image_ref } = await client.call('PullImage', { image: spec, sandbox_config: pod.config });
  t.equal(image_ref, first.image_ref);
  t.equal(await holds(lab.primary, image_ref), false, 'it was pulled where the pod is');
}

async function checkSilence(t: Test, { client, registry, primary, secondary }: TwoRuntimes): Promise<void> {
  const image = await registry.push('team/both:v1', { labels: { for: 'both' } });
  const { image_ref } = await client.call('PullImage', { image: { image } });
  await client.call('PullImage', { image: { image: `alt/${image}` } });
  const nobody = { image: { image: `${registry.host}/nobody/has:v1` } };
  for (const method of ['ListImages', 'ListContainers', 'ListPodSandbox']) await client.call(method);

  const states = [
    ['hangs', () => secondary.containerd.freeze(), async () => secondary.containerd.thaw()],
    ['is down', () => secondary.containerd.kill(), () => secondary.containerd.start()],
  ] as const;
  for (const [what, begin, end] of states) {
    await begin();
    const status = await client.ask('ImageStatus', nobody, { deadline: PATIENCE });
    t.strictSame([status.code, status.response?.['image']], [0, null], `it ${what}: not there, from its list`);
    const removal = await client.ask('RemoveImage', { image: { image: image_ref } }, { deadline: PATIENCE });
    t.equal(removal.code, 14, `it ${what}: ${removal.details}`);
    t.match(removal.details, /runtime alt .*; it may have the image/);
    t.equal(await holds(primary, image_ref), false, 'the primary has removed its own');
    await end();
    await client.call('PullImage', { image: { image } });
    const ofAlt = { image: { image: `alt/${image}` } };
    await waitFor('the secondary', async () => (await client.ask('ImageStatus', ofAlt)).code === 0 || undefined);
    for (const method of ['ListImages', 'ListContainers', 'ListPodSandbox']) await client.call(method);
  }
}
