import { test } from 'tap';
import { layouts } from '../setup/layouts.ts';
import { waitFor } from '../support/child.ts';
import { needs } from '../support/require.ts';
import { bootKubeletNode, importPause, type KubeletNode } from './kubelet-node.ts';

const options = needs('root', 'node', 'packages');
const socket = '/run/criproxy.sock';
const endpoint = `unix://${socket}`;
const settings = '/etc/default/criproxy';
const dropIn = '/etc/systemd/system/kubelet.service.d/99-criproxy.conf';

/** Kubernetes 1.9 with Docker, and 1.10 with containerd: criproxy 0.14 was made for them. */
const [docker, containerd] = [layouts[0]!, layouts[1]!];

const install = 'dpkg --force-depends -i /opt/packages/criproxy.deb </dev/null';

async function installOld(node: KubeletNode, primary: string): Promise<void> {
  node.must(
    `CRI_PRIMARY=${primary} CRI_OTHER=kata:/run/kata.sock,virtlet.cloud:/run/virtlet.sock dpkg -i /opt/packages/criproxy-0.14.deb`,
  );
  await waitFor('the kubelet on its socket', () => node.kubelet()?.endpoint === endpoint || undefined);
}

function connectOf(node: KubeletNode): string | undefined {
  return /-connect (\S+)/.exec(node.must("tr '\\0' ' ' < /proc/$(systemctl show -P MainPID criproxy)/cmdline"))?.[1];
}

test('upgraded from 0.14 on containerd, and removed', options, async t => {
  const node = await bootKubeletNode(containerd);
  t.teardown(() => node.remove());
  importPause(node);
  const before = node.snapshot();
  const own = node.kubelet()!.endpoint;
  await installOld(node, '/run/containerd/containerd.sock');
  const id = await node.runPod(socket);
  const starts = node.starts();

  await t.test('without a terminal: its runtimes are taken over, and the kubelet stays as it is', async t => {
    const text = node.must(`cat ${settings} ${dropIn}`);
    const { status, stdout, stderr } = node.run(install);
    t.equal(status, 0, stdout + stderr);
    t.equal(connectOf(node), '/run/containerd/containerd.sock,kata:/run/kata.sock,virtlet.cloud:/run/virtlet.sock');
    t.equal(node.must(`cat ${settings} ${dropIn}`), text, 'its files are as they were');
    t.same(await node.listPods(socket), [id]);
    t.equal(node.starts(), starts, 'the kubelet was not restarted');
    t.equal(node.must('systemctl is-enabled criproxy.socket criproxy.service'), 'enabled\nenabled\n');
    t.match(node.must('criproxy setup status'), `changed    ${dropIn}`);
  });

  await t.test('again, nothing changes', async t => {
    t.match(node.must('criproxy setup apply'), 'nothing to change');
    node.must('dpkg --force-depends -i /opt/packages/criproxy-next.deb </dev/null');
    t.equal(connectOf(node), '/run/containerd/containerd.sock,kata:/run/kata.sock,virtlet.cloud:/run/virtlet.sock');
    t.equal(node.starts(), starts);
  });

  await t.test('removed, the kubelet is back on its own runtime, and nothing is left', async t => {
    const { status, stderr } = node.run('dpkg -P criproxy');
    t.equal(status, 0, stderr);
    t.equal(node.kubelet()?.endpoint, own);
    t.equal(node.starts(), starts + 1);
    t.same(node.snapshot(), before);
    t.same(await node.listPods('/run/containerd/containerd.sock'), [id]);
  });

  await t.test('unpacked and never configured, then removed: the kubelet is back too', async t => {
    await installOld(node, '/run/containerd/containerd.sock');
    node.must('dpkg --force-depends --unpack /opt/packages/criproxy.deb');
    const { status, stderr } = node.run('dpkg -r criproxy');
    t.equal(status, 0, stderr);
    t.equal(node.kubelet()?.endpoint, own);
    t.equal(node.run('systemctl is-active criproxy').stdout, 'inactive\n');
  });
});

test(
  'upgraded from 0.14 on Docker to a program that does not run, then to one that does, and removed',
  options,
  async t => {
    const node = await bootKubeletNode(docker);
    t.teardown(() => node.remove());
    const before = node.snapshot();
    await installOld(node, '/var/run/dockershim.sock');
    const pid = node.must('systemctl show -P MainPID dockershim');
    const starts = node.starts();
    const broken = node.run('dpkg --force-depends -i /opt/packages/criproxy-broken.deb');
    t.equal(broken.status, 1);
    t.match(broken.stderr, /it failed; the node is as it was/);
    t.equal(node.must('systemctl is-active criproxy kubelet'), 'active\nactive\n', 'the old program serves');
    const { status, stdout, stderr } = node.run(install);
    t.equal(status, 0, stdout + stderr);
    t.equal(connectOf(node), '/run/dockershim.sock,kata:/run/kata.sock,virtlet.cloud:/run/virtlet.sock');
    t.equal(node.must('systemctl show -P MainPID dockershim'), pid, 'its dockershim runs on');
    t.equal(node.starts(), starts, 'the kubelet was not restarted');
    const removed = node.run('dpkg -P criproxy');
    t.equal(removed.status, 0, removed.stderr);
    t.equal(node.kubelet()?.endpoint, 'docker');
    t.equal(node.run('systemctl is-active dockershim').stdout, 'inactive\n');
    t.same(node.snapshot(), before, 'nothing is left');
  },
);
