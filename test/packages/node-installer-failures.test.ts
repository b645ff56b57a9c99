import { test } from 'tap';
import { layouts } from '../setup/layouts.ts';
import { waitFor } from '../support/child.ts';
import { connect } from '../support/cri-client.ts';
import { needs } from '../support/require.ts';
import { bootInstallerNode, readApiNode, startPod } from './installer-pod.ts';
import type { KubeletNode } from './kubelet-node.ts';

const options = needs('root', 'node', 'packages');
const socket = '/run/criproxy.sock';
const containerd = '/run/containerd/containerd.sock';
const settings = '/etc/criproxy/config.yaml';

/** Kubernetes 1.20 and 1.34 with containerd. */
const [flags, instance] = [layouts[3]!, layouts[11]!];

function endpointOf(node: KubeletNode): string | undefined {
  return node.kubelet()?.endpoint.replace('unix://', '');
}

/** The node's files, without the lock, the test's own, and the settings that a removal leaves. */
function snapshot(node: KubeletNode): string[] {
  const ours =
    /^\/run\/criproxy|^\/var\/lib\/criproxy|^\/etc\/(default\/)?criproxy|^\S+\s+\/(etc\/(default\/)?criproxy|var\/lib\/criproxy)/;
  const own = node.run("find /opt/criproxy -printf '%p %M %l\\n' 2>/dev/null | sort").stdout.split('\n');
  return [...node.snapshot(), ...own].filter(line => line !== '' && !ours.test(line));
}

const control = (node: KubeletNode, value: object) => node.write('/run/api.json', JSON.stringify(value));

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
      const before = snapshot(node);
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
      t.same(snapshot(node), before, 'no file has changed');
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

/** A second runtime: containerd by another socket, which is no link, since a configuration names each runtime once. */
function startKata(node: KubeletNode): void {
  const script = `const n=require('net');n.createServer(s=>{const c=n.connect('${containerd}');s.pipe(c).pipe(s);for(const e of [s,c])e.on('error',()=>{})}).listen('/run/kata.sock')`;
  node.must(['systemd-run', '--quiet', '--unit=kata', '/opt/node/node', '-e', script]);
}

const yaml = (...others: readonly string[]) => ['runtimes:', `  - socket: ${containerd}`, ...others, ''].join('\n');
const kata = ['  - id: kata', '    socket: /run/kata.sock'];

test('the configuration: checked, reloaded, and taken back where the node is not well with it', options, async t => {
  const node = await bootInstallerNode(instance, true);
  t.teardown(() => node.remove());
  const pod = startPod(node, { config: yaml('  - id: kata', '    sockets: /run/kata.sock'), patience: 5 });
  await pod.said(/check: not done: [\s\S]*config\.yaml:4[\s\S]*nothing was changed/);
  t.equal(node.run('test -e /usr/bin/criproxy').status, 1, 'nothing was installed');

  pod.setConfig(yaml(...kata));
  await pod.ready();
  t.equal(node.must(`cat ${settings}`), yaml(...kata));
  const pid = node.must('systemctl show -P MainPID criproxy');
  t.match(
    readApiNode(node).conditions.find(({ type }) => type === 'runtime.criproxy/kata'),
    { status: 'False' },
  );
  t.notOk('runtime.criproxy/kata' in readApiNode(node).labels);

  startKata(node);
  await waitFor('the label', async () => readApiNode(node).labels['runtime.criproxy/kata'], { timeout: 60_000 });
  t.match(
    readApiNode(node).conditions.find(({ type }) => type === 'runtime.criproxy/kata'),
    { status: 'True' },
  );

  const more = yaml(...kata, '  - id: gvisor', '    socket: /run/gvisor.sock');
  pod.setConfig(more);
  await pod.said(/apply: reloaded criproxy/);
  await pod.ready();
  t.equal(node.must(`cat ${settings}`), more);
  t.equal(node.must('systemctl show -P MainPID criproxy'), pid, 'the daemon was not restarted');

  control(node, { unreadyWith: { file: settings, text: 'another' } });
  pod.setConfig(`# another\n${more}`);
  await pod.said(/verify: not done: the node is not Ready: [\s\S]*the step was taken back/);
  t.equal(node.must(`cat ${settings}`), more, 'the configuration of before is in force again');
  t.notOk(pod.isReady());
  t.equal(endpointOf(node), socket, 'the node stays on criproxy');
  pod.setConfig(more);
  await pod.ready();
  await pod.stop();
});

/** A program whose daemon ends at once; as a set-up it works. */
const BROKEN =
  '#!/bin/sh\ncase $1 in setup | config | doctor | -version) exec /opt/packages/criproxy "$@" ;; esac\nexit 7\n';

for (const withDpkg of [true, false]) {
  test(
    `an upgrade to what does not serve goes back, ${withDpkg ? 'as a package' : 'without dpkg'}`,
    options,
    async t => {
      const node = await bootInstallerNode(instance, withDpkg);
      t.teardown(() => node.remove());
      const first = startPod(node);
      await first.ready();
      await first.stop();
      const [before, starts] = [snapshot(node), node.starts()];
      node.write('/root/broken', BROKEN, 0o755);
      const replaced = {
        '/criproxy/criproxy': '/root/broken',
        '/packages/criproxy.deb': '/opt/packages/criproxy-broken.deb',
      };
      const pod = startPod(node, { replaced, patience: 5 });
      await pod.said(/install: not done: [\s\S]*the step was taken back/);
      t.same(snapshot(node), before, 'all files are those of the old release');
      t.equal(node.must('systemctl is-active criproxy kubelet'), 'active\nactive\n');
      t.equal(node.starts(), starts, 'the kubelet was not restarted');
      t.notOk(pod.isReady());
      await pod.stop();

      node.write('/root/good', '#!/bin/sh\nexec /opt/packages/criproxy "$@"\n', 0o755);
      control(node, { unreadyWith: { file: '/root/unready', text: 'yes' } });
      node.write('/root/unready', 'no');
      const good = { '/criproxy/criproxy': '/root/good', '/packages/criproxy.deb': '/opt/packages/criproxy-next.deb' };
      const upgrade = startPod(node, { replaced: good, patience: 5, settle: 5 });
      await upgrade.said(/install: /);
      node.write('/root/unready', 'yes');
      await upgrade.said(/verify: not done: the node is not Ready[\s\S]*the step was taken back/);
      t.same(snapshot(node), before, 'an upgrade that is not found to be well goes back too');
      await upgrade.stop();
      control(node, {});
      const again = startPod(node, { replaced: good });
      await again.ready();
      t.match(again.log(), /done: install/);
      t.equal(endpointOf(node), socket);
      await again.stop();
    },
  );
}

test('pods of another runtime keep their node on criproxy until they are gone', options, async t => {
  const node = await bootInstallerNode(instance, false);
  t.teardown(() => node.remove());
  startKata(node);
  const on = startPod(node, { config: yaml(...kata) });
  await on.ready();
  await on.stop();
  const id = await node.runPod(containerd);
  const off = startPod(node, { state: 'absent' });
  await off.said(
    /remove: not done: [\s\S]*pods run on other runtimes[\s\S]*kata: tests\/pod-\d+[\s\S]*nothing was changed/,
  );
  t.equal(endpointOf(node), socket);
  t.notOk(off.isReady());
  const client = connect(node.path(containerd));
  await client.call('StopPodSandbox', { pod_sandbox_id: id });
  await client.call('RemovePodSandbox', { pod_sandbox_id: id });
  client.close();
  await off.ready();
  t.equal(endpointOf(node), containerd);
  await off.stop();
});

test('a container that is killed in a step leaves the step to its end, and the next one goes on', options, async t => {
  const node = await bootInstallerNode(instance, true);
  t.teardown(() => node.remove());
  const starts = node.starts();
  const pod = startPod(node, { settle: 60 });
  await waitFor('dpkg to run', async () => node.run('pgrep -x dpkg').status === 0 || undefined, { timeout: 60_000 });
  node.must("systemctl kill -s KILL 'pod-*'");
  await waitFor('dpkg to end', async () => node.run('pgrep -x dpkg').status !== 0 || undefined, { timeout: 60_000 });
  t.equal(endpointOf(node), socket, 'the package was installed all the same');
  t.match(node.must('dpkg-query -s criproxy'), 'Status: install ok installed');
  t.notOk(pod.isReady());
  const next = startPod(node);
  await next.ready();
  t.equal(node.starts(), starts + 1, 'the kubelet was restarted once');
  await next.stop();
});

test('dpkg is waited for while another one works', options, async t => {
  const node = await bootInstallerNode(instance, true);
  t.teardown(() => node.remove());
  node.write(
    '/root/slow/DEBIAN/control',
    'Package: slow\nVersion: 1\nArchitecture: all\nMaintainer: none <none@localhost>\nDescription: slow\n',
  );
  node.write('/root/slow/DEBIAN/postinst', '#!/bin/sh\nuntil [ -e /run/slow ]; do sleep 0.1; done\n', 0o755);
  node.must('dpkg-deb -b /root/slow /root/slow.deb && systemd-run --quiet dpkg -i /root/slow.deb');
  await waitFor('dpkg to run', async () => node.run('pgrep -f slow.postinst').status === 0 || undefined);
  const pod = startPod(node);
  await pod.said(/look: /);
  await waitFor(
    'dpkg to be refused',
    async () => /locked by another/.test(node.run('cat /run/criproxy-installer.log').stdout) || undefined,
    { timeout: 60_000 },
  );
  node.write('/run/slow', '');
  await pod.ready();
  t.match(node.must('dpkg-query -s criproxy'), 'Status: install ok installed');
  await pod.stop();
});

test('an API server that refuses labels keeps no node from criproxy, and is named', options, async t => {
  const node = await bootInstallerNode(instance, true);
  t.teardown(() => node.remove());
  control(node, { refuse: 403 });
  const pod = startPod(node);
  await pod.ready();
  t.match(
    await pod.said(/report: /),
    /labels and conditions cannot be written: PATCH \S+ 403 nodes "node-1" is forbidden/,
  );
  await pod.stop();
});
