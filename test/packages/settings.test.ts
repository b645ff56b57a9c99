import { type Test, test } from 'tap';
import { layouts } from '../setup/layouts.ts';
import { needs } from '../support/require.ts';
import { bootKubeletNode, type KubeletNode } from './kubelet-node.ts';

const options = needs('root', 'node', 'packages');
const settings = '/etc/default/criproxy';
const containerd = '/run/containerd/containerd.sock';

/** Kubernetes 1.31 of kubeadm. */
const modern = layouts[10]!;

function connectOf(node: KubeletNode): string | undefined {
  return /-connect (\S+)/.exec(node.must("tr '\\0' ' ' < /proc/$(systemctl show -P MainPID criproxy)/cmdline"))?.[1];
}

/** Installs a package as a program does, without a person to ask. */
function install(t: Test, node: KubeletNode, name: string): void {
  const { status, stdout, stderr } = node.run(`dpkg -i /opt/packages/${name}.deb </dev/null`);
  t.equal(status, 0, `${name}: ${stdout}${stderr}`);
}

test('the settings are the node’s own', options, async t => {
  const node = await bootKubeletNode(modern);
  t.teardown(() => node.remove());

  await t.test('a file that was there before the package stays', async t => {
    const text = `CRIPROXY_CONNECT=${containerd},mine:/run/mine.sock\n`;
    node.write(settings, text);
    install(t, node, 'criproxy');
    t.equal(node.must(`cat ${settings}`), text);
    t.equal(connectOf(node), `${containerd},mine:/run/mine.sock`);
    t.match(node.must("tr '\\0' ' ' < /proc/$(systemctl show -P MainPID criproxy)/cmdline"), ' -v 2');
    node.must('dpkg -P criproxy');
    t.equal(node.run(`ls ${settings}`).stdout, '', 'until the purge');
  });

  await t.test('a conffile of an earlier release becomes the node’s own file, with its content', async t => {
    install(t, node, 'criproxy-conffile');
    node.must(`echo 'CRIPROXY_ARGS="-v 2"' > ${settings}`);
    install(t, node, 'criproxy');
    t.equal(node.must(`cat ${settings}`), 'CRIPROXY_ARGS="-v 2"\n');
    t.equal(node.run('dpkg -s criproxy | grep -A1 Conffiles').stdout, '');
    install(t, node, 'criproxy-nodeps');
    node.must('dpkg -P criproxy');
    t.equal(node.must(`cat ${settings}`), 'CRIPROXY_ARGS="-v 2"\n', 'the purge of the other package leaves it');
    node.must('dpkg -P criproxy-nodeps');
    t.equal(node.run(`ls ${settings}*`).stdout, '');
  });

  await t.test('an upgrade that cannot be unpacked leaves it in its place', async t => {
    install(t, node, 'criproxy-conffile');
    node.must(`echo 'CRIPROXY_ARGS="-v 2"' > ${settings}`);
    node.must('mkdir -p /usr/share/criproxy && mount -t tmpfs -o ro tmpfs /usr/share/criproxy');
    t.equal(node.run('dpkg -i /opt/packages/criproxy.deb').status, 1);
    t.equal(node.must(`cat ${settings}; ls ${settings}*`), `CRIPROXY_ARGS="-v 2"\n${settings}\n`);
    t.equal(node.must('systemctl is-active criproxy'), 'active\n');
    node.must('umount /usr/share/criproxy');
    node.must('dpkg -P criproxy');
  });
});

test('the last choice wins, whichever way it was made', options, async t => {
  const node = await bootKubeletNode(modern);
  t.teardown(() => node.remove());
  install(t, node, 'criproxy');
  t.equal(connectOf(node), `${containerd},virtlet.cloud:/run/virtlet.sock`);

  await t.test('by hand', async t => {
    node.must('criproxy setup apply --other kata:/run/kata.sock');
    install(t, node, 'criproxy-next');
    t.equal(connectOf(node), `${containerd},kata:/run/kata.sock`, 'after an upgrade');
    node.must('dpkg -r criproxy');
    install(t, node, 'criproxy');
    t.equal(connectOf(node), `${containerd},kata:/run/kata.sock`, 'after a removal');
  });

  await t.test('by another answer to the package, which another choice overrides again', async t => {
    const answer = (other: string) =>
      node.must(
        `echo 'criproxy criproxy/other_cri string ${other}' | debconf-set-selections; dpkg-reconfigure -f noninteractive criproxy`,
      );
    answer('');
    t.equal(connectOf(node), containerd);
    node.must('criproxy setup apply --other kata:/run/kata.sock');
    install(t, node, 'criproxy-next');
    t.equal(connectOf(node), `${containerd},kata:/run/kata.sock`);
    answer('gvisor:/run/gvisor.sock');
    t.equal(connectOf(node), `${containerd},gvisor:/run/gvisor.sock`);
  });

  await t.test('by the settings', async t => {
    node.must(`echo CRIPROXY_CONNECT=${containerd},mine:/run/mine.sock >> ${settings}; systemctl restart criproxy`);
    install(t, node, 'criproxy');
    t.equal(connectOf(node), `${containerd},mine:/run/mine.sock`);
  });
});
