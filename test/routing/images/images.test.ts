import { test } from 'tap';
import { Code } from '../../../src/base/codes.ts';
import { ProxyError } from '../../../src/base/error.ts';
import { criTypes, type Message } from '../../support/cri-types.ts';
import { type Answers, fakeRuntime } from '../fakes.ts';
import { startLab } from '../lab.ts';

const HEX = 'fedcba9876543210'.repeat(4);
const DIGEST = `sha256:${HEX}`;
const types = criTypes('runtime.v1');
const encode = (message: string, value: Message) => types.encode(message, value);

/** Image.id, Container.image_id, ContainerStatus.image_id and PullImageResponse.image_ref, by the runtime's id. */
const identities: ReadonlyArray<readonly [own: string, what: string, shown: string]> = [
  [DIGEST, 'a digest', DIGEST],
  [HEX, 'the bare hex of CRI-O', HEX],
  [`docker://${DIGEST}`, 'a digest with a scheme', `docker://${DIGEST}`],
  ['img-7', 'a name of its own', 'alt/img-7'],
  ['registry.example/team/web:1', 'an image name', 'alt/registry.example/team/web:1'],
  [`registry.example/web@${DIGEST}`, 'a name with a digest', `alt/registry.example/web@${DIGEST}`],
];

function imagesOf(own: string): Answers {
  return {
    ListImages: encode('ListImagesResponse', { images: [{ id: own, repo_tags: ['web:1'] }] }),
    ListContainers: encode('ListContainersResponse', {
      containers: [{ id: 'c1', image: { image: own }, image_ref: own, image_id: own }],
    }),
    ContainerStatus: encode('ContainerStatusResponse', { status: { id: 'c1', image_ref: own, image_id: own } }),
    PullImage: encode('PullImageResponse', { image_ref: own }),
    ImageStatus: encode('ImageStatusResponse', { image: { id: own } }),
    RemoveImage: Buffer.alloc(0),
    CreateContainer: encode('CreateContainerResponse', { container_id: 'c2' }),
  };
}

for (const [own, what, shown] of identities) {
  test(`an image whose id is ${what} is the same in all places: ${shown}`, async t => {
    const alt = fakeRuntime('alt', { answers: imagesOf(own) });
    const missing = new ProxyError(Code.NotFound, 'no such image');
    const primary = fakeRuntime('', {
      answers: { ImageStatus: encode('ImageStatusResponse', {}), RemoveImage: missing },
    });
    const lab = startLab([primary, alt]);
    t.teardown(() => lab.stop());
    const { images } = await lab.call('ListImages');
    const { containers } = await lab.call('ListContainers');
    const { status } = await lab.call('ContainerStatus', { container_id: 'alt__c1' });
    const { image_ref } = await lab.call('PullImage', { image: { image: 'alt/web:1' } });
    const seen = [images[0].id, containers[0].image_id, status.image_id, image_ref];
    t.strictSame(seen, [shown, shown, shown, shown], 'id, container, status, pull');
    t.equal(containers[0].image_ref, shown);
    t.strictSame([status.image_ref, containers[0].image.image], [own, own], 'a name is as the runtime has it');
    t.strictSame(images[0].repo_tags, ['alt/web:1']);

    await lab.call('CreateContainer', { pod_sandbox_id: 'alt__p1', config: { image: { image: shown } } });
    const [created] = alt.askedFor('CreateContainer');
    t.equal(
      types.decode('CreateContainerRequest', created!.request)['config'].image.image,
      own,
      'CreateContainer takes it back',
    );
    const { image } = await lab.call('ImageStatus', { image: { image: shown } });
    t.equal(image.id, shown, 'ImageStatus finds it');
    alt.answers['ListContainers'] = Buffer.alloc(0);
    await lab.call('RemoveImage', { image: { image: shown } });
    const [removed] = alt.askedFor('RemoveImage');
    t.equal(types.decode('RemoveImageRequest', removed!.request)['image'].image, own, 'RemoveImage removes it');
  });
}

const pulled: ReadonlyArray<readonly [image: string, runtime: string, own: string]> = [
  ['nginx', '', 'nginx'],
  ['registry.example/nginx:1', '', 'registry.example/nginx:1'],
  ['alt/nginx', 'alt', 'nginx'],
  ['alt/registry.example/nginx:1', 'alt', 'registry.example/nginx:1'],
  ['unknown/nginx', '', 'unknown/nginx'],
  [DIGEST, '', DIGEST],
  ['alt/alt/nginx', 'alt', 'alt/nginx'],
];

for (const [image, runtime, own] of pulled) {
  test(`PullImage ${image} is for ${runtime || 'the primary'}, as ${own}`, async t => {
    const answers = { PullImage: encode('PullImageResponse', { image_ref: DIGEST }) };
    const runtimes = [fakeRuntime('', { answers }), fakeRuntime('alt', { answers })] as const;
    const lab = startLab([...runtimes]);
    t.teardown(() => lab.stop());
    await lab.call('PullImage', { image: { image, user_specified_image: image } });
    const asked = runtimes.flatMap(each => each.askedFor('PullImage').map(entry => [each.id, entry.request] as const));
    t.strictSame(
      asked.map(([id, request]) => [id, types.decode('PullImageRequest', request)['image']]),
      [[runtime, { image: own, user_specified_image: own, annotations: undefined }].map(dropUndefined)],
    );
  });
}

function dropUndefined(value: unknown): unknown {
  return typeof value === 'object'
    ? Object.fromEntries(Object.entries(value!).filter(([, v]) => v !== undefined))
    : value;
}

const foreign: ReadonlyArray<readonly [what: string, request: Message, texts: readonly string[]]> = [
  [
    "alt's image in a pod of the primary",
    { pod_sandbox_id: 'p1', config: { image: { image: 'alt/nginx' } } },
    ['image "alt/nginx"', 'runtime alt', 'primary runtime'],
  ],
  [
    "other's image in a pod of alt",
    { pod_sandbox_id: 'alt__p1', config: { image: { image: 'other/nginx' } } },
    ['image "other/nginx"', 'runtime other', 'runtime alt'],
  ],
  [
    "a mount of other's image in a pod of alt",
    { pod_sandbox_id: 'alt__p1', config: { mounts: [{ image: { image: 'other/data:1' } }] } },
    ['image "other/data:1"', 'runtime other', 'runtime alt', 'without "other/"'],
  ],
  [
    "other's image as the one that the user wrote",
    { pod_sandbox_id: 'alt__p1', config: { image: { image: DIGEST, user_specified_image: 'other/nginx' } } },
    ['image "other/nginx"', 'runtime other', 'runtime alt'],
  ],
  [
    "the namespace of a primary's container in a pod of alt",
    {
      pod_sandbox_id: 'alt__p1',
      config: { linux: { security_context: { namespace_options: { pid: 'TARGET', target_id: 'c9' } } } },
    },
    ['id "c9"', 'primary runtime', 'runtime alt'],
  ],
  [
    "the namespace of alt's container in a pod of the primary",
    {
      pod_sandbox_id: 'p1',
      config: { linux: { security_context: { namespace_options: { pid: 'TARGET', target_id: 'alt__c9' } } } },
    },
    ['id "alt__c9"', 'runtime alt', 'primary runtime'],
  ],
];

for (const [what, request, texts] of foreign) {
  test(`CreateContainer with ${what} is InvalidArgument`, async t => {
    const runtimes = ['', 'alt', 'other'].map(id => fakeRuntime(id, { answers: { CreateContainer: Buffer.alloc(0) } }));
    const lab = startLab([runtimes[0]!, runtimes[1]!, runtimes[2]!]);
    t.teardown(() => lab.stop());
    const fault = await lab.fault('CreateContainer', request);
    t.equal(fault.code, Code.InvalidArgument);
    for (const text of texts) t.ok(fault.message.includes(text), `${text} in: ${fault.message}`);
    t.strictSame(
      runtimes.flatMap(runtime => runtime.askedFor('CreateContainer')),
      [],
      'nobody is asked',
    );
  });
}

test('the name that the user wrote need not have the prefix, since the kubelet fills it in', async t => {
  const alt = fakeRuntime('alt', { answers: { CreateContainer: Buffer.alloc(0) } });
  const lab = startLab([fakeRuntime(''), alt]);
  t.teardown(() => lab.stop());
  const image = { image: DIGEST, user_specified_image: 'nginx:1', image_ref: `nginx@${DIGEST}` };
  await lab.call('CreateContainer', { pod_sandbox_id: 'alt__p1', config: { image } });
  const [asked] = alt.askedFor('CreateContainer');
  t.strictSame(types.decode('CreateContainerRequest', asked!.request)['config'].image, image);
});
