import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'tap';
import { stringify } from 'yaml';
import { makeFolder } from '../daemon/daemon.ts';
import { waitFor } from '../support/child.ts';
import { type CriClient, connect } from '../support/cri-client.ts';
import type { Message } from '../support/cri-types.ts';
import { removePod, runContainer, runPod } from '../support/pods.ts';
import { needs } from '../support/require.ts';
import { startTwoRuntimes } from '../support/two-runtimes.ts';

const SECRET = 'hunter2';

test('an agent of one namespace, on two real runtimes', needs('node'), async t => {
  const dir = makeFolder(t);
  const [file, path] = [join(dir, 'config.yaml'), join(dir, 'agent.sock')];
  writeFileSync(file, stringify({ sockets: [{ path, allow: ['read'], redact: true, namespaces: ['team-a'] }] }));
  const node = await startTwoRuntimes({ flags: ['-config', file] });
  t.teardown(() => node.stop());
  const agent = connect(path);
  t.teardown(() => agent.close());
  const made = [];
  for (const side of node.sides) {
    for (const namespace of ['team-a', 'team-b']) {
      const name = `${side.name}-${namespace}`;
      const pod = await runPod(node.client, side, { metadata: { name, uid: `uid-${name}`, namespace } });
      t.teardown(() => removePod(node.client, pod));
      const envs = [{ key: 'TOKEN', value: Buffer.from(SECRET) }];
      made.push({ namespace, pod: pod.id, container: await runContainer(node.client, side, pod, { envs }) });
    }
  }
  const own = made.filter(({ namespace }) => namespace === 'team-a');
  const others = made.filter(({ namespace }) => namespace !== 'team-a');
  const ids = async (client: CriClient, method: string, field: string, idOf: (item: Message) => string) =>
    ((await client.call(method))[field] as Message[]).map(idOf).sort();
  const pods = own.map(({ pod }) => pod).sort();
  const containers = own.map(({ container }) => container).sort();
  t.strictSame(await ids(agent, 'ListPodSandbox', 'items', item => item['id']), pods);
  t.strictSame(await ids(agent, 'ListContainers', 'containers', item => item['id']), containers);
  await waitFor('the stats of both', async () => {
    const found = await ids(agent, 'ListContainerStats', 'stats', item => item['attributes'].id);
    return found.join() === containers.join() || undefined;
  });
  t.equal((await agent.call('ListImages'))['images'].length, 1, 'the image that its containers run');
  for (const { pod, container } of own) {
    t.equal((await agent.call('PodSandboxStatus', { pod_sandbox_id: pod }))['status'].id, pod);
    const request = { container_id: container, verbose: true };
    t.equal((await agent.call('ContainerStats', { container_id: container }))['stats'].attributes.id, container);
    const [whole, redacted] = await Promise.all(
      [node.client, agent].map(async client => (await client.call('ContainerStatus', request))['info'].info),
    );
    t.match(whole, /TOKEN/, 'containerd tells the whole configuration');
    t.equal(redacted, '<redacted>');
    t.equal((await agent.ask('ExecSync', { container_id: container, cmd: ['true'] })).code, 7);
  }
  for (const { pod, container } of others) {
    t.equal((await agent.ask('PodSandboxStatus', { pod_sandbox_id: pod })).code, 5);
    t.equal((await agent.ask('ContainerStatus', { container_id: container })).code, 5);
    t.equal((await agent.ask('ContainerStats', { container_id: container })).code, 5);
  }
});
