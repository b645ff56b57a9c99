import { criTypes, type Message } from '../../support/cri-types.ts';
import type { Package } from '../../support/facts.ts';
import { answerWith, type FakeRuntime } from '../../support/fake-runtime.ts';
import { PATIENCE, type Pair, testPairs } from './pairs.ts';

const TARGET = 'kubernetes.io/target-runtime';
const DIGEST = `sha256:${'fedcba9876543210'.repeat(4)}`;
const flags = ['-handlers', 'kata=alt,gvisor=alt:runsc,fast=:crun', '-pin', 'registry.example/pause*'];

/** CRI has RuntimeClass and pinned images from v1alpha2 on. */
const isCurrent = (pkg: Package) => pkg !== 'runtime';

/** A runtime that remembers the pods that it runs, in its own package. */
function servePods(runtime: FakeRuntime, prefix: string, pkg: Package): void {
  const pods: Message[] = [];
  const handler = (text: string | undefined) => (isCurrent(pkg) ? { runtime_handler: text ?? '' } : {});
  runtime.answers['RunPodSandbox'] = answerWith(({ config, runtime_handler }) => {
    const { metadata, annotations = {} } = config;
    pods.push({ id: `${prefix}${pods.length}`, metadata, annotations, ...handler(runtime_handler) });
    return { pod_sandbox_id: pods.at(-1)!['id'] };
  });
  runtime.answers['ListPodSandbox'] = answerWith(() => ({ items: pods }));
  runtime.answers['PodSandboxStatus'] = answerWith(({ pod_sandbox_id }) => ({
    status: pods.find(pod => pod['id'] === pod_sandbox_id)!,
  }));
}

function asked(runtime: FakeRuntime, method: string, pkg: Package): Message[] {
  return runtime.asked(method).map(entry => criTypes(pkg).decode(`${method}Request`, entry.request));
}

/** Handler and annotation, and the runtime and handler of the pod. */
const routes: ReadonlyArray<readonly [handler: string, annotation: string, runtime: '' | 'alt', own: string]> = [
  ['', '', '', ''],
  ['', 'alt', 'alt', ''],
  ['alt', '', 'alt', ''],
  ['kata', '', 'alt', ''],
  ['gvisor', '', 'alt', 'runsc'],
  ['fast', '', '', 'crun'],
  ['runc', '', '', 'runc'],
];

function podConfig(name: string, annotation: string): Message {
  return {
    metadata: { name, uid: `uid-${name}`, namespace: 'tests' },
    annotations: annotation === '' ? {} : { [TARGET]: annotation },
  };
}

testPairs(
  'RuntimeClass',
  async (t, { client, clientPackage, runtimePackage, of }: Pair) => {
    servePods(of(''), 'p', runtimePackage);
    servePods(of('alt'), 'a', runtimePackage);
    const wanted = routes.filter(([handler]) => handler === '' || isCurrent(clientPackage));
    for (const [at, [handler, annotation, runtime, own]] of wanted.entries()) {
      const before = of(runtime).asked('RunPodSandbox').length;
      const config = podConfig(`pod-${at}`, annotation);
      const request = { config, ...(handler === '' ? {} : { runtime_handler: handler }) };
      const { pod_sandbox_id } = await client.call('RunPodSandbox', request, PATIENCE);
      t.equal(
        of(runtime).asked('RunPodSandbox').length,
        before + 1,
        `"${handler}" "${annotation}" is for "${runtime}"`,
      );
      if (!isCurrent(clientPackage)) continue;
      // A runtime of 1.9 knows no handler: the pod's handler is remembered all the same.
      const sent = criTypes('runtime.v1').decode(
        'RunPodSandboxRequest',
        of(runtime).asked('RunPodSandbox').at(-1)!.request,
      );
      t.equal(sent['runtime_handler'] ?? '', own, 'its own handler');
      const { status } = await client.call('PodSandboxStatus', { pod_sandbox_id }, PATIENCE);
      const { items } = await client.call('ListPodSandbox', {}, PATIENCE);
      const [item] = items.filter((each: Message) => each['id'] === pod_sandbox_id);
      t.equal(item.runtime_handler, handler, 'in the list');
      if (clientPackage === 'runtime.v1') t.equal(status.runtime_handler, handler, 'in the status');
    }
  },
  { flags },
);

testPairs(
  'handler and annotation that name different runtimes',
  async (t, { client, primary, alt }) => {
    const request = { config: podConfig('x', 'alt'), runtime_handler: 'fast' };
    const { code, details } = await client.ask('RunPodSandbox', request, PATIENCE);
    t.equal(code, 3);
    t.equal(
      details,
      'criproxy: the runtime handler "fast" belongs to the primary runtime, but the pod annotation kubernetes.io/target-runtime names runtime alt: leave one of the two out',
    );
    t.strictSame([...primary.asked('RunPodSandbox'), ...alt.asked('RunPodSandbox')], []);
  },
  { flags, only: isCurrent },
);

testPairs(
  'images without a prefix',
  async (t, { client, clientPackage, runtimePackage, of }) => {
    const images: Record<'' | 'alt', Message[]> = {
      '': [{ id: DIGEST, repo_tags: ['web:1'] }],
      alt: [
        { id: DIGEST, repo_tags: ['web:1'] },
        { id: `${DIGEST.slice(0, -1)}f`, repo_tags: ['registry.example/pause:3'] },
      ],
    };
    for (const id of ['', 'alt'] as const) {
      const runtime = of(id);
      servePods(runtime, id === '' ? 'p' : 'a', runtimePackage);
      runtime.answers['ListImages'] = answerWith(() => ({ images: images[id] }));
      runtime.answers['PullImage'] = answerWith({ image_ref: DIGEST });
      runtime.answers['RemoveImage'] = answerWith({});
      runtime.answers['CreateContainer'] = answerWith({ container_id: 'c' });
      runtime.answers['ImageStatus'] = answerWith(({ image }) => {
        const found = images[id].find(each => [each['id'], ...each['repo_tags']].includes(image.image));
        return found === undefined ? {} : { image: found };
      });
    }
    const sandbox_config = podConfig('web', 'alt');
    const { pod_sandbox_id } = await client.call('RunPodSandbox', { config: sandbox_config }, PATIENCE);
    await client.call('ListPodSandbox', {}, PATIENCE);
    const byUid = { ...sandbox_config, annotations: {} };
    for (const config of [sandbox_config, byUid]) {
      const { image_ref } = await client.call(
        'PullImage',
        { image: { image: 'web:1' }, sandbox_config: config },
        PATIENCE,
      );
      t.equal(image_ref, DIGEST);
    }
    t.strictSame(
      asked(of('alt'), 'PullImage', runtimePackage).map(({ image }) => image.image),
      ['web:1', 'web:1'],
      'by the annotation, and by the uid',
    );
    const config = { metadata: { name: 'c' }, image: { image: DIGEST } };
    await client.call('CreateContainer', { pod_sandbox_id, config, sandbox_config }, PATIENCE);
    t.equal(asked(of('alt'), 'CreateContainer', runtimePackage)[0]!['config'].image.image, DIGEST);

    const list = (await client.call('ListImages', {}, PATIENCE))['images'];
    t.strictSame(
      list.map((image: Message) => [image['id'], image['repo_tags']]),
      [
        [DIGEST, ['web:1', 'alt/web:1']],
        [`${DIGEST.slice(0, -1)}f`, ['alt/registry.example/pause:3']],
      ],
      'one item for an image of both',
    );
    if (isCurrent(clientPackage))
      t.strictSame(
        list.map((image: Message) => image['pinned']),
        [false, true],
      );

    const { image } = await client.call('ImageStatus', { image: { image: 'registry.example/pause:3' } }, PATIENCE);
    t.strictSame(image.repo_tags, ['registry.example/pause:3'], 'a bare name is looked for in all');
    await client.call('RemoveImage', { image: { image: DIGEST } }, PATIENCE);
    t.strictSame(
      [of('').asked('RemoveImage').length, of('alt').asked('RemoveImage').length],
      [1, 1],
      'and removed from all',
    );
  },
  { flags },
);

testPairs(
  'the status of the node',
  async (t, { client, primary, alt }) => {
    const conditions = ['RuntimeReady', 'NetworkReady'].map(type => ({ type, status: true }));
    primary.answers['Status'] = answerWith({
      status: { conditions },
      info: { config: '{"cgroup_manager":"systemd"}' },
    });
    alt.answers['Status'] = answerWith({
      status: { conditions: [{ ...conditions[0], status: false, reason: 'Broken' }] },
    });
    const { status, info } = await client.call('Status', { verbose: true }, PATIENCE);
    t.strictSame(
      status.conditions.map((each: Message) => [each['type'], each['status'], each['reason']]),
      [
        ['RuntimeReady', true, ''],
        ['NetworkReady', true, ''],
        ['criproxy.alt/Ready', false, 'Broken'],
      ],
    );
    t.equal(info.config, '{"cgroup_manager":"systemd"}');
    t.strictSame(
      JSON.parse(info.criproxy).runtimes.map((each: Message) => [
        each['id'],
        each['state'],
        each['name'],
        each['version'],
      ]),
      [
        ['', 'up', 'fake', '1.2.3'],
        ['alt', 'up', 'fake', '1.2.3'],
      ],
    );
  },
  { flags },
);

testPairs(
  'RuntimeConfig',
  async (t, { client, primary }) => {
    primary.answers['Status'] = answerWith({ info: { config: '{"cgroup_manager":"systemd"}' } });
    t.equal((await client.call('RuntimeConfig', {}, PATIENCE))['linux'].cgroup_driver, 'SYSTEMD');
    primary.answers['Status'] = answerWith({});
    t.equal((await client.ask('RuntimeConfig', {}, PATIENCE)).code, 12, 'where the configuration does not tell');
  },
  { flags, only: client => client === 'runtime.v1' },
);

testPairs(
  'raw ids',
  async (t, { client, runtimePackage, of }) => {
    const id = 'a'.repeat(64);
    servePods(of(''), 'p', runtimePackage);
    of('alt').answers['RunPodSandbox'] = answerWith({ pod_sandbox_id: id });
    of('alt').answers['ListPodSandbox'] = answerWith({ items: [{ id }] });
    of('alt').answers['PodSandboxStatus'] = answerWith(({ pod_sandbox_id }) => ({ status: { id: pod_sandbox_id } }));
    const made = await client.call('RunPodSandbox', { config: podConfig('web', 'alt') }, PATIENCE);
    t.equal(made['pod_sandbox_id'], id);
    for (const form of [id, `alt__${id}`]) {
      const { status } = await client.call('PodSandboxStatus', { pod_sandbox_id: form }, PATIENCE);
      t.equal(status.id, id, form.slice(0, 12));
    }
    of('').answers['RunPodSandbox'] = answerWith({ pod_sandbox_id: id });
    of('').answers['StopPodSandbox'] = answerWith({});
    of('').answers['RemovePodSandbox'] = answerWith({});
    await client.call('ListPodSandbox', {}, PATIENCE);
    const { code, details } = await client.ask('RunPodSandbox', { config: podConfig('db', '') }, PATIENCE);
    t.equal(code, 6);
    t.equal(
      details,
      `criproxy: the primary runtime has given the new pod the id "${id}", which runtime alt uses too: it was removed again; try once more`,
    );
    t.equal(of('').asked('RemovePodSandbox').length, 1);
  },
  { flags: ['-ids', 'raw'] },
);
