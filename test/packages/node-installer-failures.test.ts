import { test } from 'tap';
import { waitFor } from '../support/child.ts';
import { connect } from '../support/cri-client.ts';
import { needs } from '../support/require.ts';
import { containerd, control, flags, instance, snapshotOf, socket } from './installer-node.ts';
import { bootInstallerNode, readApiNode, startPod } from './installer-pod.ts';
import { endpointOf, type KubeletNode } from './kubelet-node.ts';

const options = needs('root', 'node', 'packages');

/** The API server does not have the node as Ready while its kubelet uses criproxy. */
const unreadyOn = (node: KubeletNode) =>
  control(node, { unreadyWith: { file: '/run/kubelet.json', text: 'criproxy.sock' } });

interface Row {
  readonly name: string;
  readonly layout: typeof flags;
  readonly prepare: (node: KubeletNode) => void;
  readonly says: RegExp;
  readonly mend: (node: KubeletNode) => void;
}

const rows: readonly Row[] = [
  {
    name: 'containerd does not run, and cannot be started',
    layout: instance,
    prepare: node => void node.must('systemctl mask --runtime --now containerd'),
    says: /install: not done: [\s\S]*does not answer through its primary runtime[\s\S]*the step was taken back/,
    mend: node => void node.must('systemctl unmask --runtime containerd; systemctl start containerd'),
  },
  {
    name: 'the kubelet does not come up with the new endpoint',
    layout: instance,
    prepare: node => node.write('/run/kubelet.refuses', 'unix:///run/criproxy.sock\n'),
    says: /install: not done: [\s\S]*the kubelet does not stay up[\s\S]*the step was taken back/,
    mend: node => void node.must('rm /run/kubelet.refuses'),
  },
  {
    name: '/etc is read-only',
    layout: flags,
    prepare: node => void node.must('mount --rbind /etc /etc && mount -o remount,bind,ro /etc'),
    says: /install: not done: [\s\S]*read-only/i,
    mend: node => void node.must('mount -o remount,bind,rw /etc'),
  },
  {
    name: 'the cluster does not have the node as Ready afterwards',
    layout: flags,
    prepare: unreadyOn,
    says: /verify: not done: the node is not Ready: [\s\S]*the step was taken back/,
    mend: node => control(node, {}),
  },
];

for (const [index, row] of rows.entries()) {
  for (const withDpkg of index === 3 ? [true, false] : [index % 2 === 0]) {
    test(`taken back, ${withDpkg ? 'as a package' : 'without dpkg'}: ${row.name}`, options, async t => {
      const node = await bootInstallerNode(row.layout, withDpkg);
      t.teardown(() => node.remove());
      const before = snapshotOf(node);
      const endpoint = endpointOf(node);
      row.prepare(node);

      const pod = startPod(node, { patience: 5, uid: 'one' });
      await pod.said(row.says);
      t.notOk(pod.isReady());
      t.equal(endpointOf(node), endpoint, 'the kubelet is on its own runtime');
      t.equal(node.must('systemctl is-active kubelet'), 'active\n');
      t.equal(node.run('test -e /usr/bin/criproxy -o -e /opt/criproxy/bin/criproxy').status, 1, 'the program is gone');
      await waitFor('the condition', async () => readApiNode(node).conditions.find(({ status }) => status === 'False'));
      t.match(readApiNode(node).conditions, [{ type: 'criproxy/Installed', status: 'False' }]);
      await pod.stop();

      row.mend(node);
      t.same(snapshotOf(node), before, 'no file has changed');
      const starts = node.starts();
      const restarted = startPod(node, { uid: 'one' });
      await restarted.said(/delete this pod to have it tried again/);
      t.equal(node.starts(), starts, 'a container that is started again does not try it again');
      await restarted.stop();

      const next = startPod(node);
      await next.ready();
      t.equal(endpointOf(node), socket, 'mended, another pod puts the node on');
      t.match(
        readApiNode(node).conditions.find(({ type }) => type === 'criproxy/Installed'),
        { status: 'True' },
      );
      await next.stop();
    });
  }
}

test('nothing is begun on a node that is not Ready; and it is tried again', options, async t => {
  const node = await bootInstallerNode(instance, true);
  t.teardown(() => node.remove());
  control(node, { unready: 'PLEG is not healthy' });
  const pod = startPod(node);
  await pod.said(/look: not done: the node is not Ready: PLEG is not healthy \(nothing was changed\)/);
  t.equal(node.run('test -e /usr/bin/criproxy').status, 1);
  control(node, {});
  await pod.ready();
  t.equal(endpointOf(node), socket);
  await pod.stop();
});

test('a container that is restarted on the way takes the step back', options, async t => {
  const node = await bootInstallerNode(instance, false);
  t.teardown(() => node.remove());
  const client = connect(node.path(containerd));
  t.teardown(() => client.close());
  const config = {
    metadata: { name: 'app', uid: 'uid-app', namespace: 'tests' },
    linux: { security_context: { namespace_options: { network: 'NODE' } } },
  };
  const { pod_sandbox_id } = await client.call('RunPodSandbox', { config });
  const run = async (attempt: number): Promise<string> => {
    const { container_id } = await client.call('CreateContainer', {
      pod_sandbox_id,
      sandbox_config: config,
      config: {
        metadata: { name: 'main', attempt },
        image: { image: 'registry.k8s.io/pause:3.6' },
        labels: { 'io.kubernetes.pod.uid': 'uid-app' },
        linux: {},
      },
    });
    await client.call('StartContainer', { container_id });
    return container_id;
  };
  const first = await run(0);
  const begun = performance.now();
  await waitFor('the container to be settled', async () => performance.now() - begun > 11_000 || undefined);
  const [endpoint, starts] = [endpointOf(node), node.starts()];
  const pod = startPod(node, { settle: 20, patience: 120 });
  await waitFor('the kubelet to be restarted', async () => node.starts() > starts || undefined, { timeout: 120_000 });
  await client.call('StopContainer', { container_id: first, timeout: 0 });
  await run(1);
  await pod.said(/verify: not done: containers were restarted: main of pod uid-app \(the step was taken back\)/);
  t.equal(endpointOf(node), endpoint);
  t.notOk(pod.isReady());
  await pod.stop();
});
