import { test } from 'tap';
import { layouts } from '../setup/layouts.ts';
import { waitFor } from '../support/child.ts';
import { needs } from '../support/require.ts';
import { bootKubeletNode, importPause, type KubeletNode } from './kubelet-node.ts';

const options = needs('root', 'node', 'packages');
const socket = '/run/criproxy.sock';
const endpoint = `unix://${socket}`;
const containerd = 'unix:///run/containerd/containerd.sock';
const RECORD = '/var/lib/criproxy/setup.json';

/** Kubernetes 1.31, with the endpoint in config.yaml, and 1.20, with it in kubeadm-flags.env. */
const [modern, old] = [layouts[10]!, layouts[3]!];
const CONFIG = '/var/lib/kubelet/config.yaml';

const install = 'dpkg -i /opt/packages/criproxy.deb';
const remove = 'dpkg -r criproxy </dev/null';

/** Kills the set-up, and dpkg with it, at the restart of the kubelet, as a loss of power does. */
const KILLER = `#!/bin/sh
[ "$*" = "restart kubelet.service" ] || exec /usr/bin/systemctl "$@"
pkill -9 -f 'dpkg|debconf'
exec kill -9 $PPID
`;

function killAtRestart(node: KubeletNode, command: string): void {
  node.write('/usr/local/bin/systemctl', KILLER, 0o755);
  if (node.run(command).status === 0) throw new Error(`nothing has ended ${command}`);
  node.must('rm /usr/local/bin/systemctl');
}

test('dpkg is killed at the moment when the kubelet is to be restarted', options, async t => {
  const node = await bootKubeletNode(modern);
  t.teardown(() => node.remove());
  const starts = node.starts();

  await t.test('installing: the next boot has a daemon, and dpkg --configure -a leads the kubelet to it', async t => {
    killAtRestart(node, install);
    t.match(node.must(`cat ${CONFIG}`), endpoint, 'the file was changed');
    t.equal(node.starts(), starts, 'the kubelet was not restarted');
    t.equal(node.must('systemctl is-enabled criproxy.socket criproxy.service'), 'enabled\nenabled\n');
    node.must('dpkg --configure -a');
    t.equal(node.kubelet()?.endpoint, endpoint);
    t.equal(node.starts(), starts + 1);
  });

  await t.test('removing: the kubelet is restarted before the daemon is stopped', async t => {
    killAtRestart(node, remove);
    t.notMatch(node.must(`cat ${CONFIG}`), endpoint, 'the file was put back');
    t.equal(node.kubelet()?.endpoint, endpoint, 'the kubelet was not restarted');
    t.equal(node.must('systemctl is-active criproxy'), 'active\n');
    const { status, stderr } = node.run(remove);
    t.equal(status, 0, stderr);
    t.equal(node.kubelet()?.endpoint, containerd);
    t.equal(node.run('systemctl is-active criproxy').stdout, 'inactive\n');
  });
});

test('with any record, a removal never leaves the kubelet on a socket without a server', options, async t => {
  const node = await bootKubeletNode(old);
  t.teardown(() => node.remove());
  const FLAGS = '/var/lib/kubelet/kubeadm-flags.env';
  const flags = node.must(`cat ${FLAGS}`);

  await t.test('nothing: setup.json is lost', async t => {
    node.must(`${install} && rm ${RECORD}`);
    t.equal(node.kubelet()?.endpoint, endpoint);
    const { status, stderr } = node.run(remove);
    t.equal(status, 0, stderr);
    t.equal(node.kubelet()?.endpoint, containerd);
    node.must(`printf '%s' '${flags}' > ${FLAGS}`);
  });

  await t.test('nonsense in the record: the removal is refused with a remedy', async t => {
    node.must(`systemctl restart kubelet && ${install} && echo nonsense > ${RECORD}`);
    const { status, stderr } = node.run(remove);
    t.equal(status, 1);
    t.match(stderr, /nothing was changed.*setup\.json.*it is not a record of this program.*compare it/s);
    t.equal(node.kubelet()?.endpoint, endpoint);
    t.equal(node.must('systemctl is-active criproxy'), 'active\n');
    node.must(`rm ${RECORD}; dpkg -P criproxy; printf '%s' '${flags}' > ${FLAGS}; systemctl restart kubelet`);
  });

  await t.test('the files of a new version: unpacked and never configured', async t => {
    node.must(`${install} && dpkg --unpack /opt/packages/criproxy-next.deb`);
    const { status, stderr } = node.run(remove);
    t.equal(status, 0, stderr);
    t.equal(node.kubelet()?.endpoint, '/run/containerd/containerd.sock');
    t.equal(node.run('systemctl is-active criproxy; ls /usr/lib/criproxy').stdout, 'inactive\n');
    t.equal(node.must(`cat ${FLAGS}`), flags);
  });

  await t.test('a daemon that was set up by hand, and packaged later', async t => {
    node.must('cp /opt/packages/criproxy /usr/bin/criproxy');
    node.write(
      '/etc/systemd/system/criproxy.service',
      `[Service]\nExecStart=/usr/bin/criproxy -connect /run/containerd/containerd.sock -listen ${socket}\n[Install]\nWantedBy=multi-user.target\n`,
    );
    node.must('systemctl daemon-reload; systemctl enable --now criproxy');
    node.must(`sed -i 's,/run/containerd/containerd.sock,${endpoint},' ${FLAGS} && systemctl restart kubelet`);
    await waitFor('the kubelet on criproxy', () => node.kubelet()?.endpoint === endpoint || undefined);
    node.must(install);
    t.equal(node.must('systemctl is-active criproxy'), 'active\n');
    const { status, stderr } = node.run(remove);
    t.equal(status, 0, stderr);
    t.equal(node.kubelet()?.endpoint, containerd);
    node.must(`dpkg -P criproxy; rm /etc/systemd/system/criproxy.service; printf '%s' '${flags}' > ${FLAGS}`);
  });
});

/** A second real containerd, whose folder is on a file system that can hold its snapshots. */
const second = `version = 2
root = "/var/lib/containerd/second"
state = "/run/second"
[grpc]
  address = "/run/second/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "registry.k8s.io/pause:3.6"
  restrict_oom_score_adj = true
  disable_cgroup = true
`;
const SECOND = '/run/second/containerd.sock';

test('a removal names the effect on pods of secondary runtimes', options, async t => {
  const node = await bootKubeletNode(modern);
  t.teardown(() => node.remove());
  node.write('/etc/second.toml', second);
  node.must('systemd-run --unit=second -p Delegate=yes containerd --config /etc/second.toml');
  importPause(node);
  await waitFor('the second containerd', () => node.run(['ctr', '-a', SECOND, 'version']).status === 0 || undefined);
  node.must(`ctr -a ${SECOND} -n k8s.io images import /root/pause.tar`);
  node.must(`${install} && criproxy setup apply --other second:${SECOND}`);
  const id = await node.runPod(SECOND);
  const before = node.snapshot();
  const starts = node.starts();

  await t.test('without an answer it refuses, with the commands that move them', async t => {
    const { status, stderr } = node.run(remove);
    t.equal(status, 1);
    t.match(stderr, /pods run on other runtimes.*second: tests\/pod-\d+\n/s);
    t.match(stderr, /kubectl cordon \S+\n +kubectl delete pod -n tests pod-\d+\n/);
    t.match(stderr, /CRIPROXY_ORPHAN_PODS=yes dpkg -r criproxy\n/);
    t.same(node.snapshot(), before, 'no file has changed');
    t.same([node.kubelet()?.endpoint, node.starts()], [endpoint, starts]);
    t.equal(node.must('systemctl is-active criproxy'), 'active\n');
    t.match(node.must('dpkg -s criproxy'), 'install ok installed', 'dpkg has taken it back (abort-remove)');
    const revert = node.run('criproxy setup revert');
    t.equal(revert.status, 4);
    t.match(revert.stderr, /second: tests\/pod-\d+\n.*criproxy setup revert --force\n/s);
  });

  await t.test('an upgrade does not ask', async t => {
    node.must('dpkg -i /opt/packages/criproxy-next.deb </dev/null');
    t.equal(node.starts(), starts);
  });

  await t.test('a runtime that does not answer has the pods of its last list', async t => {
    await waitFor('its list', () => /second +up +1 /.test(node.must('criproxy status')) || undefined).catch(() => {});
    node.must(`kill -STOP $(systemctl show -P MainPID second)`);
    const { status, stderr } = node.run('criproxy setup revert');
    node.must(`kill -CONT $(systemctl show -P MainPID second)`);
    t.equal(status, 4);
    t.match(stderr, /second: 1 in its last list; it does not answer now\n/);
  });

  await t.test('an answer to the package, or the variable, says that they may be left behind', async t => {
    node.must("echo 'criproxy criproxy/orphan_pods boolean true' | debconf-set-selections");
    t.equal(node.run(remove).status, 0);
    t.equal(node.kubelet()?.endpoint, containerd);
    node.must(install);
    t.equal(node.run(remove).status, 1, 'the answer was for one removal');
    const { status, stderr } = node.run(`CRIPROXY_ORPHAN_PODS=yes ${remove}`);
    t.equal(status, 0, stderr);
    t.equal(node.kubelet()?.endpoint, containerd);
    t.same(await node.listPods(SECOND), [id], 'the pod runs on');
  });

  await t.test('a package that was never configured cannot refuse, and names them', async t => {
    node.must(`${install} && dpkg --unpack /opt/packages/criproxy-next.deb`);
    const { status, stderr } = node.run(remove);
    t.equal(status, 0, stderr);
    t.match(stderr, /second: tests\/pod-\d+\n.*the kubelet gets its old endpoint back all the same/s);
    t.equal(node.kubelet()?.endpoint, containerd);
  });
});
