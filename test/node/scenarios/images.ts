import type { Test } from 'tap';
import { busyboxImage, pauseImage } from '../../support/containerd.ts';
import type { Message } from '../../support/cri-types.ts';
import { removePod, runPod } from '../../support/pods.ts';
import type { TwoRuntimes } from '../../support/two-runtimes.ts';

/** Images are pulled, listed, used and removed on each side. */
export async function checkImages(t: Test, lab: TwoRuntimes): Promise<void> {
  const { client } = lab;

  for (const side of lab.sides) {
    await t.test(`an image is pulled, listed, run and removed on the ${side.name}`, async t => {
      const plain = await lab.registry.push(`team/${side.name}:v1`, { labels: { for: side.name } });
      const image = side.imagePrefix + plain;
      t.match(await client.call('ImageStatus', { image: { image } }), { image: null }, 'not there yet');

      const { image_ref } = await client.call('PullImage', { image: { image } });
      t.match(image_ref, /^sha256:[0-9a-f]{64}$/, 'a digest has no prefix');
      const status = (await client.call('ImageStatus', { image: { image } })).image;
      t.equal(status.id, image_ref);
      t.same(status.repo_tags, [image]);
      t.equal(status.repo_digests.length, 1);
      t.match(status.repo_digests[0], new RegExp(`^${image.replace(/:v1$/, '')}@sha256:[0-9a-f]{64}$`));
      const found = (await client.call('ListImages', { filter: { image: { image } } })).images;
      // containerd ignores the filter, but only the runtime of the name is asked.
      const onlyHere = (await side.direct.call('ListImages')).images.map(idOf).sort();
      t.same(found.map(idOf).sort(), onlyHere, 'filter by name');

      const pod = await runPod(client, side);
      const create = { pod_sandbox_id: pod.id, sandbox_config: pod.config };
      const config = { metadata: { name: 'c' }, image: { image: image_ref, user_specified_image: image }, linux: {} };
      const { container_id } = await client.call('CreateContainer', { ...create, config });
      const container = (await client.call('ContainerStatus', { container_id })).status;
      t.equal(container.image_ref, status.repo_digests[0], 'the container names the image as the list of images does');
      const [listed] = (await client.call('ListContainers', { filter: { id: container_id } })).containers;
      t.equal(listed.image_ref, image_ref, 'and the list of containers by its id');
      await removePod(client, pod);

      const own = await side.direct.call('ListImages');
      t.ok(own.images.map(idOf).includes(image_ref), 'the runtime itself has the image');
      await client.call('RemoveImage', { image: { image: image_ref } });
      t.match(await client.call('ImageStatus', { image: { image } }), { image: null });
      t.notOk((await side.direct.call('ListImages')).images.map(idOf).includes(image_ref));
    });

    await t.test(`an image that the registry lacks is NotFound on the ${side.name}`, async t => {
      const image = `${side.imagePrefix}${lab.registry.host}/no/such:v1`;
      t.match(await client.ask('PullImage', { image: { image } }), { code: 5, details: /no\/such:v1: not found/ });
    });
  }

  await t.test('a list has the images of both, each under its own name', async t => {
    const { images } = await client.call('ListImages');
    const names = images.flatMap((image: Message) => image['repo_tags']).sort();
    t.same(names, [`alt/${busyboxImage}`, `alt/${pauseImage}`, busyboxImage, pauseImage].sort());
  });

  await t.test('a short name is completed on either runtime', async t => {
    for (const side of lab.sides) {
      const { image } = await client.call('ImageStatus', { image: { image: `${side.imagePrefix}busybox` } });
      t.same(image.repo_tags, [side.imagePrefix + busyboxImage], side.name);
    }
  });
}

function idOf(image: Message): string {
  return image['id'];
}
