import { test } from 'tap';
import type { CriClient } from '../support/cri-client.ts';
import type { Message } from '../support/cri-types.ts';
import { needs } from '../support/require.ts';
import { startTwoRuntimes } from '../support/two-runtimes.ts';

const FIRST_SEEN = 'kubernetes.io/config.seen';
let last = 0;

/** Starts a container as the kubelet does (kuberuntime, startContainer): it knows no prefix and sends no handler. */
async function startAsKubelet(client: CriClient, handler: string, image: string) {
  const name = `kubelet-${++last}`;
  const annotations = { [FIRST_SEEN]: `2026-11-22T20:00:00.00000${last}Z`, 'kubernetes.io/config.source': 'api' };
  const config = { metadata: { name, uid: `uid-${name}`, namespace: 'tests' }, annotations, linux: {} };
  const { pod_sandbox_id } = await client.call('RunPodSandbox', { config, runtime_handler: handler });
  const spec = { image, annotations };
  const before = (await client.call('ImageStatus', { image: spec })).image;
  const pulled = before === null;
  const image_ref = pulled
    ? (await client.call('PullImage', { image: spec, sandbox_config: config })).image_ref
    : before.id;
  // The kubelet asks for the image's user by a bare id.
  const user = (await client.call('ImageStatus', { image: { image: image_ref } })).image;
  const container = { metadata: { name }, image: { image: image_ref, user_specified_image: image }, linux: {} };
  const { container_id } = await client.call('CreateContainer', {
    pod_sandbox_id,
    config: container,
    sandbox_config: config,
  });
  await client.call('StartContainer', { container_id });
  return { pod_sandbox_id, container_id, image_ref, pulled, user };
}

/** Removes the images that no container uses, as the kubelet's garbage collector does (image_gc_manager.go); returns the ids. */
async function collectGarbage(client: CriClient): Promise<string[]> {
  const { containers } = await client.call('ListContainers');
  const inUse = new Set(containers.map((each: Message) => each['image_id'] || each['image_ref']));
  // Each id keeps one item: the last that is listed.
  const byId = new Map<string, Message>(
    (await client.call('ListImages')).images.map((each: Message) => [each['id'], each]),
  );
  const unused = [...byId.values()].filter(image => !inUse.has(image['id']) && !image['pinned']);
  for (const { id } of unused) await client.call('RemoveImage', { image: { image: id } });
  return unused.map(({ id }) => id);
}

const ids = (images: Message[]) => images.map(image => image['id']);

test('images without a prefix on real runtimes', needs('root', 'demo', 'registry'), async t => {
  const lab = await startTwoRuntimes({ flags: ['-pin', 'registry.k8s.io/pause*'] });
  t.teardown(() => lab.stop());
  const { client, primary, secondary } = lab;
  const pushed = (name: string) => lab.registry.push(`team/${name}:v1`, { labels: { for: name } });

  await t.test('a pod of a RuntimeClass has its image pulled where it runs', async t => {
    const image = await pushed('secondary-only');
    const first = await startAsKubelet(client, 'alt', image);
    t.equal(first.pulled, true);
    t.ok(ids((await secondary.direct.call('ListImages')).images).includes(first.image_ref), 'there');
    t.notOk(ids((await primary.direct.call('ListImages')).images).includes(first.image_ref), 'and not in the primary');
    t.equal(first.user.id, first.image_ref, "the image's user can be looked up");
    const { status } = await client.call('ContainerStatus', { container_id: first.container_id });
    t.equal(status.state, 'CONTAINER_RUNNING');
    const second = await startAsKubelet(client, 'alt', image);
    t.equal(second.pulled, false, 'it is not pulled again');
    const third = await startAsKubelet(client, '', image);
    t.equal(third.pulled, true, 'but for a pod of the primary it is');
    t.ok(ids((await primary.direct.call('ListImages')).images).includes(third.image_ref));
  });

  await t.test('the same image in both is one item', async t => {
    const image = await pushed('both');
    const one = await startAsKubelet(client, '', image);
    const other = await startAsKubelet(client, 'alt', image);
    t.strictSame([one.pulled, other.pulled], [true, true]);
    t.equal(one.image_ref, other.image_ref);
    const { images } = await client.call('ListImages');
    const items = images.filter((each: Message) => each['id'] === one.image_ref);
    t.equal(items.length, 1);
    t.same(items[0].repo_tags, [image, `alt/${image}`]);
    t.equal(items[0].repo_digests.length, 2);

    t.notOk((await collectGarbage(client)).includes(one.image_ref), 'used in both');
    await client.call('StopPodSandbox', { pod_sandbox_id: one.pod_sandbox_id });
    await client.call('RemovePodSandbox', { pod_sandbox_id: one.pod_sandbox_id });
    t.notOk((await collectGarbage(client)).includes(one.image_ref), 'still used in the secondary');
    await client.call('StopPodSandbox', { pod_sandbox_id: other.pod_sandbox_id });
    await client.call('RemovePodSandbox', { pod_sandbox_id: other.pod_sandbox_id });
    t.ok((await collectGarbage(client)).includes(one.image_ref), 'used nowhere');
    for (const side of lab.sides) {
      t.notOk(ids((await side.direct.call('ListImages')).images).includes(one.image_ref), `gone from the ${side.name}`);
    }
  });

  await t.test('pinned images stay', async t => {
    await collectGarbage(client);
    const { images } = await client.call('ListImages');
    const tags = images.flatMap((each: Message) => each['repo_tags']);
    t.ok(tags.includes('registry.k8s.io/pause:3.6'));
    t.ok(tags.includes('alt/registry.k8s.io/pause:3.6'));
    for (const side of lab.sides) {
      const pause = `${side.imagePrefix}registry.k8s.io/pause:3.6`;
      t.equal((await client.call('ImageStatus', { image: { image: pause } })).image.pinned, true, pause);
    }
  });

  await t.test('the prefix works too, in a pod of its runtime', async t => {
    const image = await pushed('prefixed');
    const made = await startAsKubelet(client, 'alt', `alt/${image}`);
    t.equal(made.pulled, true);
    const { status } = await client.call('ContainerStatus', { container_id: made.container_id });
    t.equal(status.state, 'CONTAINER_RUNNING');
    const config = { metadata: { name: 'x', uid: 'x', namespace: 'x' }, linux: {} };
    const pod = await client.call('RunPodSandbox', { config });
    const { code, details } = await client.ask('CreateContainer', {
      pod_sandbox_id: pod['pod_sandbox_id'],
      sandbox_config: config,
      config: { metadata: { name: 'c' }, image: { image: `alt/${image}` }, linux: {} },
    });
    t.equal(code, 3);
    t.match(details, /belongs to runtime alt.*name it without "alt\/"/);
  });
});
