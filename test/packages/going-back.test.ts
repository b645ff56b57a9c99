import { type Test, test } from 'tap';
import { layouts } from '../setup/layouts.ts';
import { needs } from '../support/require.ts';
import { bootKubeletNode, bootPlainNode, type KubeletNode } from './kubelet-node.ts';

const options = needs('root', 'node', 'packages');
const endpoint = 'unix:///run/criproxy.sock';

/** Kubernetes 1.31 of kubeadm. */
const modern = layouts[10]!;

/** An upgrade that is made again after it was cut off, and after files could not be unpacked: to a program that does not serve. */
function upgradeAgain(t: Test, node: KubeletNode): void {
  node.must('dpkg --unpack /opt/packages/criproxy-broken.deb && mount -t tmpfs -o ro tmpfs /usr/share/criproxy');
  t.equal(node.run('dpkg -i /opt/packages/criproxy-dead.deb').status, 1, 'it cannot be unpacked: abort-upgrade');
  node.must('umount /usr/share/criproxy');
  const { status, stderr } = node.run('dpkg -i /opt/packages/criproxy-broken.deb');
  t.equal(status, 1);
  t.match(stderr, /it failed; the node is as it was/);
}

test('a failed upgrade restores the old program', options, async t => {
  const node = await bootKubeletNode(modern);
  t.teardown(() => node.remove());
  node.must('dpkg -i /opt/packages/criproxy.deb');
  const starts = node.starts();

  const assertOld = () => {
    t.match(node.must('criproxy -version'), 'criproxy 1.');
    t.equal(node.must('systemctl is-active criproxy kubelet'), 'active\nactive\n');
    t.same([node.kubelet()?.endpoint, node.starts()], [endpoint, starts]);
  };

  await t.test('the kept program and the state are on other file systems', async t => {
    node.must('mkdir -p /usr/lib/criproxy && mount -t tmpfs tmpfs /usr/lib/criproxy');
    node.must('cp -a /var/lib/criproxy /root/state && mount -t tmpfs tmpfs /var/lib/criproxy');
    node.must('cp -a /root/state/. /var/lib/criproxy && systemctl restart criproxy');
    const { status, stderr } = node.run('dpkg -i /opt/packages/criproxy-broken.deb');
    t.equal(status, 1);
    t.match(stderr, /it failed; the node is as it was/);
    assertOld();
    node.must('dpkg -i /opt/packages/criproxy.deb');
  });

  await t.test('the error has the log and the remedy of the new program', async t => {
    const { stderr } = node.run('dpkg -i /opt/packages/criproxy-broken.deb');
    t.match(
      stderr,
      /the daemon does not stay up: it ended 3 times; its log ends with:\n( +this daemon is broken\n)+ +to do: +see journalctl -u criproxy/,
    );
    t.notMatch(stderr, /SIGTERM|primary runtime runs/);
    node.must('dpkg -i /opt/packages/criproxy.deb');
  });

  await t.test('from a program that does not even run', async t => {
    t.equal(node.run('dpkg -i /opt/packages/criproxy-dead.deb').status, 1);
    assertOld();
    node.must('dpkg -i /opt/packages/criproxy.deb');
  });

  await t.test('no room to keep the program: there is no upgrade', async t => {
    node.must('umount /usr/lib/criproxy && mount -t tmpfs -o size=1m tmpfs /usr/lib/criproxy');
    const { status, stderr } = node.run('dpkg -i /opt/packages/criproxy-broken.deb');
    t.equal(status, 1);
    t.match(stderr, /cannot be kept in \/usr\/lib\/criproxy, so a failed upgrade could not restore it/);
    assertOld();
    t.match(node.must('dpkg -s criproxy'), 'install ok installed');
    node.must('umount /usr/lib/criproxy');
  });

  await t.test('after an upgrade that was cut off, not to the program that was never tried', async t => {
    upgradeAgain(t, node);
    assertOld();
    node.must('dpkg -i /opt/packages/criproxy.deb');
  });

  await t.test('a set-up while another one is at work is refused', async t => {
    node.must(
      'flock /run/criproxy-setup.lock sleep 60 >/dev/null 2>&1 & while flock -n /run/criproxy-setup.lock true; do sleep 0.1; done',
    );
    for (const verb of ['apply', 'revert']) {
      const { status, stderr } = node.run(`criproxy setup ${verb}`);
      t.equal(status, 1);
      t.match(stderr, /another criproxy setup changes this node now.*wait until it has ended/s);
    }
    node.must('pkill -x sleep; criproxy setup apply');
  });

  await t.test('a program that is gone: the removal says that it is needed', async t => {
    node.must('mv /usr/bin/criproxy /root');
    const { status, stderr } = node.run('dpkg -r criproxy');
    t.equal(status, 1);
    t.match(stderr, /criproxy does not run.*install this package again, then remove it/);
    t.equal(node.kubelet()?.endpoint, endpoint);
    node.must('dpkg -i /opt/packages/criproxy.deb');
  });

  await t.test('a record that cannot be read: no upgrade is said to be done', async t => {
    node.must('cp /var/lib/criproxy/setup.json /root && echo nonsense > /var/lib/criproxy/setup.json');
    const { status, stderr } = node.run('dpkg -i /opt/packages/criproxy-broken.deb');
    t.equal(status, 1);
    t.match(stderr, /the node is as it was.*setup\.json.*it is not a record of this program/s);
    node.must('systemctl restart criproxy');
    assertOld();
    node.must('mv /root/setup.json /var/lib/criproxy && dpkg -P criproxy');
    t.not(node.kubelet()?.endpoint, endpoint);
    t.equal(node.run('ls /usr/lib/criproxy').stdout, '', 'the program that failed does not stay');
  });
});

test('a node without deb-systemd-helper and debconf, as kind’s', options, async t => {
  const node = await bootPlainNode();
  t.teardown(() => node.remove());
  node.must('dpkg --purge --force-all debconf init-system-helpers 2>&1; rm -rf /usr/share/debconf');
  const before = node.snapshot();
  const enabled = () => node.run('systemctl is-enabled criproxy.socket criproxy.service').stdout;
  node.must('dpkg -i /opt/packages/criproxy-nodeps.deb');
  t.equal(enabled(), 'enabled\nenabled\n', 'the next boot has a daemon');
  node.must('systemctl disable criproxy.service; dpkg -i /opt/packages/criproxy-nodeps-next.deb');
  t.equal(enabled(), 'enabled\ndisabled\n', 'what somebody has disabled stays so');
  node.must('dpkg -P criproxy-nodeps');
  t.same(node.snapshot(), before, 'nothing is left');
});
