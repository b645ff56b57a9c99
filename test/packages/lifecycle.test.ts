import { test } from 'tap';
import { layouts } from '../setup/layouts.ts';
import { needs } from '../support/require.ts';
import { bootKubeletNode, importPause, type KubeletNode } from './kubelet-node.ts';

const options = needs('root', 'node', 'packages');
const socket = '/run/criproxy.sock';
const endpoint = `unix://${socket}`;
const containerd = 'unix:///run/containerd/containerd.sock';
const defaults = '/etc/default/criproxy';

/** Kubernetes 1.31, with the endpoint in config.yaml, and 1.20, with it in kubeadm-flags.env. */
const [modern, old] = [layouts[10]!, layouts[3]!];
const FLAGS = '/var/lib/kubelet/kubeadm-flags.env';

function daemonArguments(node: KubeletNode): string {
  return node.must("tr '\\0' ' ' < /proc/$(systemctl show -P MainPID criproxy)/cmdline");
}

function connectOf(node: KubeletNode): string | undefined {
  return /-connect (\S+)/.exec(daemonArguments(node))?.[1];
}

const virtlet = '/run/containerd/containerd.sock,virtlet.cloud:/run/virtlet.sock';

test('an upgrade keeps serving, and the pod and the kubelet run on', options, async t => {
  const node = await bootKubeletNode(modern);
  t.teardown(() => node.remove());
  importPause(node);
  node.must('dpkg -i /opt/packages/criproxy.deb');
  const id = await node.runPod(socket);
  const starts = node.starts();
  const before = node.must('systemctl show -P MainPID criproxy');
  const pause = node.must('pgrep -x sleep');
  const upgraded = node.run('dpkg -i /opt/packages/criproxy-next.deb');
  t.equal(upgraded.status, 0, upgraded.stderr);
  t.not(node.must('systemctl show -P MainPID criproxy'), before, 'it is the new program');
  t.same(await node.listPods(socket), [id], 'under the same id');
  t.equal(node.must('pgrep -x sleep'), pause, 'its process is the same');
  t.equal(node.starts(), starts, 'the kubelet was not restarted');
  const { outage } = node.kubelet()!;
  t.comment(`longest time without an answer: ${outage} ms`);
  t.ok(outage < 10_000, 'the socket was gone for no longer than a restart takes');
});

test('an upgrade to a program that does not run goes back to the old one', options, async t => {
  const node = await bootKubeletNode(modern);
  t.teardown(() => node.remove());
  node.must('dpkg -i /opt/packages/criproxy.deb');
  const starts = node.starts();
  const { status, stderr } = node.run('dpkg -i /opt/packages/criproxy-broken.deb');
  t.equal(status, 1);
  t.match(stderr, /it failed; the node is as it was/);
  t.equal(node.must('systemctl is-active criproxy kubelet'), 'active\nactive\n');
  t.match(node.must('criproxy -version'), 'criproxy 1.', 'the old program is back');
  t.equal(node.kubelet()?.endpoint, endpoint);
  t.equal(node.starts(), starts);
  t.equal(node.run('dpkg --configure criproxy').status, 1, 'to try it again is to try the new program again');
  t.match(node.must('criproxy -version'), 'criproxy 1.');
  t.equal(node.must('systemctl is-active criproxy kubelet'), 'active\nactive\n');
  const mended = node.run('dpkg -i /opt/packages/criproxy-next.deb');
  t.equal(mended.status, 0, mended.stderr);
  t.equal(node.run('ls /usr/lib/criproxy').stdout, '');
});

test('criproxy and criproxy-nodeps take over from each other without a restart of the kubelet', options, async t => {
  const node = await bootKubeletNode(modern);
  t.teardown(() => node.remove());
  node.must('dpkg -i /opt/packages/criproxy.deb');
  const starts = node.starts();
  for (const name of ['criproxy-nodeps', 'criproxy']) {
    const swapped = node.run(`dpkg -i /opt/packages/${name}.deb`);
    t.equal(swapped.status, 0, swapped.stderr);
    t.equal(node.kubelet()?.endpoint, endpoint);
    t.equal(node.must('systemctl is-active criproxy'), 'active\n');
    t.equal(node.must('systemctl is-enabled criproxy'), 'enabled\n');
  }
  t.equal(node.starts(), starts, 'the kubelet was not restarted');
  t.equal(node.run('dpkg -P criproxy criproxy-nodeps').status, 0);
  t.equal(node.kubelet()?.endpoint, containerd);
  t.equal(node.run('ls /etc/criproxy /etc/default/criproxy /var/lib/criproxy').stdout, '');
});

test('removed and installed again, its settings are as they were', options, async t => {
  const node = await bootKubeletNode(modern);
  t.teardown(() => node.remove());
  node.must('dpkg -i /opt/packages/criproxy.deb');
  node.must(`sed -i 's/-v 2/-v 4/' ${defaults}`);
  node.must('dpkg -r criproxy');
  t.equal(node.kubelet()?.endpoint, containerd);
  t.equal(node.run('systemctl is-active criproxy').stdout, 'inactive\n');
  node.must('dpkg -i /opt/packages/criproxy.deb');
  t.equal(node.kubelet()?.endpoint, endpoint);
  t.match(daemonArguments(node), ' -v 4 ');
  t.equal(node.must('systemctl is-enabled criproxy'), 'enabled\n');
});

test('debconf: preseeded answers are used, and kept over an upgrade', options, async t => {
  const node = await bootKubeletNode(modern);
  t.teardown(() => node.remove());
  const answers = [
    'criproxy criproxy/other_cri string kata:/run/kata.sock',
    'criproxy criproxy/primary_cri select containerd',
  ];
  for (const answer of answers) node.must(`echo '${answer}' | debconf-set-selections`);
  node.must('dpkg -i /opt/packages/criproxy.deb');
  t.equal(connectOf(node), '/run/containerd/containerd.sock,kata:/run/kata.sock');
  node.must('dpkg -i /opt/packages/criproxy-next.deb');
  t.equal(connectOf(node), '/run/containerd/containerd.sock,kata:/run/kata.sock');
  node.must(
    "echo 'criproxy criproxy/other_cri string ' | debconf-set-selections; dpkg-reconfigure -f noninteractive criproxy",
  );
  t.equal(connectOf(node), '/run/containerd/containerd.sock');
});

test('/etc/default/criproxy has the last word', options, async t => {
  const node = await bootKubeletNode(modern);
  t.teardown(() => node.remove());
  node.must('dpkg -i /opt/packages/criproxy.deb');
  t.equal(connectOf(node), virtlet, 'without it, what was detected and the default of the question');
  node.must(
    `echo CRIPROXY_CONNECT=/run/containerd/containerd.sock,mine:/run/mine.sock >> ${defaults}; systemctl restart criproxy`,
  );
  t.equal(connectOf(node), '/run/containerd/containerd.sock,mine:/run/mine.sock');
  node.must('dpkg -i /opt/packages/criproxy-next.deb');
  t.equal(connectOf(node), '/run/containerd/containerd.sock,mine:/run/mine.sock');
});

test('a new kubelet package is looked at again: kubeadm wrote the old endpoint', options, async t => {
  const node = await bootKubeletNode(old);
  t.teardown(() => node.remove());
  node.must('dpkg -i /opt/packages/criproxy.deb');
  node.write(FLAGS, `KUBELET_KUBEADM_ARGS="--container-runtime-endpoint=${containerd}"\n`);
  const upgraded = node.run('dpkg -i /opt/packages/kubelet-24.deb');
  t.equal(upgraded.status, 0, upgraded.stderr);
  t.equal(node.kubelet()?.endpoint, endpoint);
  const changed = node
    .must('criproxy setup status')
    .split('\n')
    .filter(line => line.startsWith('changed '));
  t.equal(new Set(changed).size, changed.length, 'no edit is listed twice');
  t.notMatch(changed.join('\n'), 'changed since, not by criproxy', 'what kubeadm has overwritten is not listed');
  node.must('dpkg -P criproxy');
  t.equal(node.must(`cat ${FLAGS}`), `KUBELET_KUBEADM_ARGS="--container-runtime-endpoint=${containerd}"\n`);
});

test('a removal leaves a value that was changed since, and names it', options, async t => {
  const node = await bootKubeletNode(old);
  t.teardown(() => node.remove());
  node.must('dpkg -i /opt/packages/criproxy.deb');
  node.must(
    `ln -s /run/containerd/containerd.sock /run/mine.sock; sed -i 's,unix:///run/criproxy.sock,/run/mine.sock,' ${FLAGS}`,
  );
  node.must('systemctl restart kubelet');
  const { status, stderr } = node.run('dpkg -r criproxy');
  t.equal(status, 0, stderr);
  t.match(stderr, `left ${FLAGS} as it is: it was changed since`);
  t.match(node.must(`cat ${FLAGS}`), '/run/mine.sock');
});

test('the service: killed, it comes back; and how it is confined', options, async t => {
  const node = await bootKubeletNode(modern);
  t.teardown(() => node.remove());
  node.must('dpkg -i /opt/packages/criproxy.deb');
  node.must('systemctl kill -s KILL criproxy; sleep 3; systemctl is-active criproxy');
  const shown = node.must(
    'systemctl show criproxy -p Restart -p OOMScoreAdjust -p LimitNOFILE -p StartLimitIntervalUSec -p LogRateLimitIntervalUSec -p MemoryDenyWriteExecute',
  );
  t.same(shown.trim().split('\n').sort(), [
    'LimitNOFILE=1048576',
    'LogRateLimitIntervalUSec=0',
    'MemoryDenyWriteExecute=no',
    'OOMScoreAdjust=-999',
    'Restart=always',
    'StartLimitIntervalUSec=0',
  ]);
  t.match(node.must('systemctl show criproxy -P Before'), 'kubelet.service');
  t.match(node.must('systemctl show criproxy -P Wants'), 'containerd.service');
  t.notMatch(node.must('systemctl show criproxy -P Requires'), 'containerd.service');
  t.equal(node.run('systemd-analyze verify --man=no criproxy.service').stderr, '');
  const exposure = Number(
    /Overall exposure level for criproxy.service: ([\d.]+)/.exec(
      node.must('systemd-analyze security --no-pager criproxy'),
    )?.[1],
  );
  t.ok(exposure <= 2, `systemd rates the exposure ${exposure}`);
  t.match(node.must('criproxy setup status'), /criproxy {3}in use/);
});
