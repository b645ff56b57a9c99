import { type Test, test } from 'tap';
import { layouts } from '../setup/layouts.ts';
import { strangeLayouts } from '../setup/strange-layouts.ts';
import { needs } from '../support/require.ts';
import { bootKubeletNode, bootPlainNode, type KubeletNode } from './kubelet-node.ts';

const options = needs('root', 'node', 'packages');

/** Kubernetes 1.20, 1.31 and 1.34 with containerd. */
const [flags, config, instance] = [layouts[3]!, layouts[10]!, layouts[11]!];

/** Files of the package itself, which are there once dpkg has unpacked it. */
const unpacked = [
  '/etc/criproxy',
  '/etc/default/criproxy',
  '/run/criproxy-setup.lock',
  '/usr/bin/criproxy',
  '/usr/lib/systemd/system/criproxy.service',
  '/usr/lib/systemd/system/criproxy.socket',
  '/var/lib/criproxy',
];

/** Files of a package that was configured while the kubelet was left alone. */
const configured = [
  ...unpacked,
  '/etc/criproxy/runtimes.env',
  '/etc/systemd/system/criproxy.service.d',
  '/etc/systemd/system/criproxy.service.d/10-primary.conf',
  '/etc/systemd/system/multi-user.target.wants/criproxy.service',
  '/etc/systemd/system/sockets.target.wants',
  '/etc/systemd/system/sockets.target.wants/criproxy.socket',
  '/run/criproxy',
  '/run/criproxy.sock',
  '/run/criproxy.notify',
  '/var/lib/criproxy/admin.sock',
  '/var/lib/criproxy/setup.json',
];

/** The lines of a snapshot, except the lines of some paths. */
function without(lines: readonly string[], paths: readonly string[]): string[] {
  return lines.filter(line => !paths.includes(/(\/\S+)/.exec(line)![1]!));
}

interface FailureRow {
  readonly name: string;
  readonly layout: typeof flags;
  readonly prepare: string;
  readonly install?: string;
  readonly says: readonly RegExp[];
  /** dpkg's exit status; 0 if the package is installed and only the kubelet was left alone. */
  readonly status: 0 | 1;
  /** A command that repairs the node; then the package can be configured. */
  readonly mend?: string;
}

const install = 'dpkg -i /opt/packages/criproxy.deb';

const rows: readonly FailureRow[] = [
  {
    name: 'containerd does not run, and cannot be started',
    layout: instance,
    prepare: 'systemctl mask --runtime --now containerd',
    says: [/the node is as it was/, /does not answer through its primary runtime/, /see that the primary runtime runs/],
    status: 1,
    mend: 'systemctl unmask --runtime containerd',
  },
  {
    name: 'somebody else listens on the socket',
    layout: flags,
    prepare: `systemd-run --unit=squatter /opt/node/node -e "require('net').createServer().listen('/run/criproxy.sock')"; sleep 1`,
    says: [/the node is as it was/, /\/run\/criproxy\.sock/, /already in use/],
    status: 1,
    mend: 'systemctl stop squatter',
  },
  {
    name: '/etc/systemd is read-only',
    layout: flags,
    prepare: 'mount --bind /etc/systemd /etc/systemd && mount -o remount,bind,ro /etc/systemd',
    says: [/the node is as it was/, /cannot be written/, /read-only/i],
    status: 1,
    mend: 'umount /etc/systemd',
  },
  {
    name: 'all of /etc is read-only',
    layout: flags,
    prepare: 'mount --bind /etc /etc && mount -o remount,bind,ro /etc',
    says: [/read-only/i],
    status: 1,
  },
  {
    name: 'the kubelet’s folder is on a full disk',
    layout: flags,
    prepare:
      'cp -a /var/lib/kubelet /root/k && mount -t tmpfs -o size=64k tmpfs /var/lib/kubelet && cp -a /root/k/. /var/lib/kubelet && rm -r /root/k; dd if=/dev/zero of=/var/lib/kubelet/fill bs=4k 2>/dev/null; true',
    says: [/the node is as it was/, /kubeadm-flags\.env/, /no space left/i],
    status: 1,
    mend: 'rm /var/lib/kubelet/fill',
  },
  {
    name: 'the kubelet does not come up with the new endpoint',
    layout: instance,
    prepare: 'echo unix:///run/criproxy.sock > /run/kubelet.refuses',
    says: [/the node is as it was/, /the kubelet does not stay up/, /is refused/],
    status: 1,
    mend: 'rm /run/kubelet.refuses',
  },
  {
    name: 'the kubelet’s configuration cannot be read',
    layout: config,
    prepare: 'mv /var/lib/kubelet/config.yaml /root && mkdir /var/lib/kubelet/config.yaml',
    says: [/the kubelet was left alone/, /config\.yaml/, /cannot be read/],
    status: 0,
  },
  {
    name: 'systemd does not run (an image is built)',
    layout: flags,
    prepare: 'true',
    install: `unshare -m sh -c 'mount -t tmpfs tmpfs /run/systemd && exec ${install}'`,
    says: [/the kubelet was left alone/, /systemd does not run here/, /criproxy setup apply/],
    status: 0,
  },
  {
    name: 'policy-rc.d forbids services (an image is built)',
    layout: flags,
    prepare: "printf '#!/bin/sh\\nexit 101\\n' > /usr/sbin/policy-rc.d && chmod +x /usr/sbin/policy-rc.d",
    says: [/the kubelet was left alone/, /policy-rc\.d forbids/],
    status: 0,
  },
  {
    name: 'debconf is missing',
    layout: flags,
    prepare: 'dpkg --purge --force-all debconf 2>/dev/null; rm -rf /usr/share/debconf',
    says: [/debconf/],
    status: 1,
  },
];

async function assertAsBefore(
  t: Test,
  node: KubeletNode,
  before: readonly string[],
  own: readonly string[],
): Promise<void> {
  t.same(without(node.snapshot(), own), without(before, own), 'no file but the package’s own has changed');
  t.equal(node.must('systemctl is-active kubelet'), 'active\n');
  t.notMatch(node.kubelet()?.endpoint, 'criproxy');
}

for (const row of rows) {
  test(row.name, options, async t => {
    const node = await bootKubeletNode(row.layout);
    t.teardown(() => node.remove());
    node.must(row.prepare);
    const before = node.snapshot();
    const starts = node.starts();
    const { status, stdout, stderr } = node.run(row.install ?? install);
    t.equal(status, row.status, stderr);
    for (const words of row.says) t.match(stdout + stderr, words);
    await assertAsBefore(t, node, before, row.status === 0 ? configured : unpacked);
    t.ok(node.starts() - starts <= 1, 'the kubelet was restarted at most for its old endpoint');
    if (row.mend === undefined) return;
    const mended = node.run(`${row.mend} && dpkg --configure criproxy`);
    t.equal(mended.status, 0, mended.stderr);
    t.equal(node.kubelet()?.endpoint, 'unix:///run/criproxy.sock', 'mended, it is installed');
  });
}

for (const layout of strangeLayouts.filter(({ name }) => /shell|another service/.test(name))) {
  test(`left alone: ${layout.name}`, options, async t => {
    const node = await bootKubeletNode(layout);
    t.teardown(() => node.remove());
    const before = node.snapshot();
    const starts = node.starts();
    const { status, stderr } = node.run(install);
    t.equal(status, 0, stderr);
    for (const words of layout.says) t.match(stderr, words);
    await assertAsBefore(t, node, before, configured);
    t.equal(node.starts(), starts, 'the kubelet was not restarted');
    t.equal(node.run('dpkg -P criproxy').status, 0);
    t.same(node.snapshot(), before, 'nothing is left after the purge');
  });
}

test('criproxy-nodeps in a node that has nothing but systemd and dpkg', options, async t => {
  const node = await bootPlainNode();
  t.teardown(() => node.remove());
  node.must(
    'systemctl stop containerd; dpkg --purge --force-all containerd debconf init-system-helpers 2>&1; rm -rf /usr/share/debconf',
  );
  const before = node.snapshot();
  const installed = node.run('dpkg -i /opt/packages/criproxy-nodeps.deb');
  t.equal(installed.status, 0, installed.stderr);
  t.equal(node.must('systemctl is-active criproxy'), 'active\n');
  t.equal(node.run('dpkg -P criproxy-nodeps').status, 0);
  t.same(node.snapshot(), before);
});
