import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Test, test } from 'tap';
import { parse } from 'yaml';
import { startReloadDaemon } from '../app/operate/reload-daemon.ts';
import { readPage } from '../docs/markdown.ts';
import { busyboxImage, startContainerd } from '../support/containerd.ts';
import { type CriClient, connect } from '../support/cri-client.ts';
import type { Message } from '../support/cri-types.ts';
import { startRegistry } from '../support/registry.ts';
import { needs } from '../support/require.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../..');

/** A step of the page: its files, and the calls of criproxy in it, in order. */
interface Step {
  readonly title: string;
  readonly actions: readonly ({ readonly file: Message } | { readonly command: string[] })[];
}

function stepsOf(text: string): Step[] {
  const [, ...sections] = text.split(/^## (?=\d\.)/m);
  return sections.map(section => {
    const found = section.matchAll(/^```yaml\n([\s\S]*?)^```|^ {4}(criproxy .*)$/gm);
    const actions = [...found].map(([, yaml, command]) =>
      yaml === undefined ? { command: command!.split(/\s+/).slice(1) } : { file: parse(yaml) as Message },
    );
    return { title: section.slice(0, section.indexOf('\n')), actions };
  });
}

/** A pod that a kubelet keeps: its sandbox, its container, and its image pull policy. */
interface KeptPod {
  readonly name: string;
  readonly config: Message;
  readonly sandbox: string;
  readonly container: string;
}

/** Starts a pod as the kubelet does: sandbox, ImageStatus, a pull if the image is missing, container. */
async function startPod(client: CriClient, name: string, isPulled = true, handler = ''): Promise<KeptPod> {
  const uid = `uid-${name}`;
  const annotations = {
    'kubernetes.io/config.seen': `2026-01-01T00:00:00.${name.length}Z`,
    'kubernetes.io/config.source': 'api',
  };
  const labels = { 'io.kubernetes.pod.uid': uid };
  const config = { metadata: { name, uid, namespace: 'default' }, labels, annotations, linux: {} };
  const { pod_sandbox_id: sandbox } = await client.call('RunPodSandbox', { config, runtime_handler: handler });
  const image = { image: busyboxImage, annotations };
  const { image: found } = await client.call('ImageStatus', { image });
  if (found === undefined && isPulled) await client.call('PullImage', { image, sandbox_config: config });
  const container = await startContainer(client, sandbox, config, 0);
  return { name, config, sandbox, container };
}

async function startContainer(client: CriClient, sandbox: string, config: Message, attempt: number): Promise<string> {
  const { container_id } = await client.call('CreateContainer', {
    pod_sandbox_id: sandbox,
    sandbox_config: config,
    config: {
      metadata: { name: 'main', attempt },
      image: { image: busyboxImage },
      command: ['sleep', '3600'],
      linux: {},
    },
  });
  await client.call('StartContainer', { container_id });
  return container_id;
}

/** Each pod's sandbox and container are listed under the ids that the kubelet knows, and run. */
async function checkPods(t: Test, client: CriClient, pods: readonly KeptPod[], when: string): Promise<void> {
  const { items } = await client.call('ListPodSandbox', {});
  const { containers } = await client.call('ListContainers', {});
  for (const { name, sandbox, container } of pods) {
    t.equal(items.find((item: Message) => item['id'] === sandbox)?.state, 'SANDBOX_READY', `${when}: ${name}`);
    const found = containers.find((item: Message) => item['id'] === container);
    t.match(found, { state: 'CONTAINER_RUNNING', pod_sandbox_id: sandbox }, `${when}: the container of ${name}`);
  }
}

for (const ids of ['raw', 'prefixed'] as const) {
  test(`the page is walked from containerd 1.7 to 2.1, with ids ${ids}`, needs('root', 'demo', 'registry'), async t => {
    const registry = await startRegistry();
    t.teardown(() => registry.stop());
    const [old, next] = await Promise.all(
      (['1.7', '2.1'] as const).map(release => startContainerd({ registry: registry.host, release })),
    );
    t.teardown(() => Promise.all([old!.stop(), next!.stop()]));
    const sockets: Readonly<Record<string, string>> = {
      '/run/containerd/containerd.sock': old!.socketPath,
      '/run/containerd2/containerd.sock': next!.socketPath,
    };
    const fitted = (file: Message): object => ({
      ...file,
      ids,
      runtimes: file['runtimes'].map((runtime: Message) => ({ ...runtime, socket: sockets[runtime['socket']] })),
    });
    const steps = stepsOf(readPage('docs/change-runtime.md').text);
    const [first, ...rest] = steps.slice(1, 7);
    const begin = first!.actions.find(action => 'file' in action)!;
    const daemon = await startReloadDaemon(t, fitted(begin.file));
    const { client } = daemon;
    const direct = [connect(old!.socketPath), connect(next!.socketPath)] as const;
    t.teardown(() => {
      for (const each of direct) each.close();
    });
    writeFileSync(join(daemon.dir, 'pod.yaml'), 'kind: Pod\nmetadata: {name: web, uid: u1, namespace: default}\n');
    const pods: KeptPod[] = [await startPod(client, 'a'), await startPod(client, 'never', false)];
    const outputs: string[] = [];
    const runCommand = async ([name, ...args]: readonly string[]) => {
      const words = args.map(word =>
        word.replace('/etc/criproxy/config.yaml', daemon.file).replace('pod.yaml', join(daemon.dir, 'pod.yaml')),
      );
      const asksDaemon = ['reload', 'status', 'place', 'retire'].includes(name!);
      const admin = asksDaemon ? ['--admin-socket', daemon.adminSocket] : [];
      const { stdout } = await run(process.execPath, [join(root, 'src/main.ts'), name!, ...words, ...admin], {
        timeout: 60_000,
      });
      outputs.push(stdout);
      return stdout;
    };
    for (const { title, actions } of rest) {
      // The pods move: the old pods are deleted, and their successors start.
      if (title.startsWith('6')) {
        for (const pod of pods.splice(0)) {
          await client.call('StopPodSandbox', { pod_sandbox_id: pod.sandbox });
          await client.call('RemovePodSandbox', { pod_sandbox_id: pod.sandbox });
        }
        pods.push(await startPod(client, 'successor'));
      }
      for (const action of actions) {
        if ('file' in action) daemon.write(fitted(action.file));
        else if (action.command[0] !== 'doctor') await runCommand(action.command);
        await checkPods(t, client, pods, title);
      }
      if (title.startsWith('3')) pods.push(await startPod(client, 'try', true, 'next'));
      if (title.startsWith('5')) {
        const handed = await startPod(client, 'new');
        pods.push(handed);
        const own = (await direct[1].call('ListPodSandbox', {}))['items'].map((item: Message) => item['metadata'].name);
        t.ok(own.includes('new'), 'a new pod is on the next runtime');
        t.notOk(own.includes('a'), 'an old one is not');
        // A container that ends by itself is started again on its own runtime, from its own store.
        const a = pods[0]!;
        await client.call('StopContainer', { container_id: a.container });
        pods[0] = { ...a, container: await startContainer(client, a.sandbox, a.config, 1) };
      }
    }
    const said = outputs.join('\n');
    t.match(said, /no pod is left; it can be removed from the configuration/);
    t.notMatch(said, /warning: .*no longer listed/, 'the last reload warns of nothing');
    t.strictSame((await direct[0].call('ListPodSandbox', {}))['items'], [], 'the old runtime is empty');
    await checkPods(t, client, pods, 'in the end');
  });
}
