import { test } from 'tap';
import { layouts } from '../setup/layouts.ts';
import { needs } from '../support/require.ts';
import { bootKubeletNode, endpointOf, importPause, type KubeletNode } from './kubelet-node.ts';

const options = needs('root', 'node', 'packages');
const socket = '/run/criproxy.sock';
const containerd = '/run/containerd/containerd.sock';

/** The command of a person who has unpacked the tar.gz. */
const install = '/opt/packages/unpacked/criproxy setup install';

/** Kubernetes 1.20 and 1.34 with containerd. */
const [flags, instance] = [layouts[3]!, layouts[11]!];

/** The node's files and the installation's own, without the lock and the state's folder, which systemd makes. */
function snapshot(node: KubeletNode): string[] {
  const own = node.run("find /opt/criproxy -printf '%p %M %l\\n' 2>/dev/null | sort").stdout.split('\n');
  return [...node.snapshot(), ...own].filter(
    line => line !== '' && !/^\/run\/criproxy-setup.lock|^\/var\/lib\/criproxy d/.test(line),
  );
}

/** A kubelet with its dockershim, and one with containerd. All layouts are in test/packages/node-installer.test.ts. */
for (const layout of [2, 11].map(index => layouts[index]!)) {
  test(`install, install again, uninstall: kubelet ${layout.name}`, options, async t => {
    const node = await bootKubeletNode(layout);
    t.teardown(() => node.remove());
    importPause(node);
    const before = snapshot(node);
    const endpoint = endpointOf(node);
    const starts = node.starts();

    const installed = node.run(install);
    t.equal(installed.status, 0, installed.stderr);
    t.equal(endpointOf(node), socket, 'the kubelet uses criproxy');
    t.equal(node.starts(), starts + 1, 'it was restarted once');
    t.match(node.must('criproxy setup status'), /in use: kubelet \d+: it is connected to \/run\/criproxy\.sock/);
    t.equal(node.must('systemctl is-active criproxy kubelet'), 'active\nactive\n');
    t.equal(node.must('systemctl is-enabled criproxy.service criproxy.socket'), 'enabled\nenabled\n');
    const runsPods = layout.primary === containerd;
    const pods = runsPods ? [await node.runPod(socket)] : [];

    const applied = snapshot(node);
    t.equal(node.must(install), 'nothing to change\n');
    t.same(snapshot(node), applied, 'the second time nothing changes');
    t.equal(node.starts(), starts + 1, 'the kubelet is not restarted');

    const removed = node.run('criproxy setup uninstall --purge');
    t.equal(removed.status, 0, removed.stderr);
    t.equal(endpointOf(node), endpoint, 'the kubelet is back on its old endpoint');
    t.equal(node.starts(), starts + 2, 'it was restarted once more');
    t.same(await node.listPods(containerd), pods, 'the pod runs on');
    t.same(snapshot(node), before, 'nothing is left');
    t.equal(node.must('systemctl list-units --failed --no-legend'), '');
  });
}

interface FailureRow {
  readonly name: string;
  readonly layout: typeof flags;
  readonly prepare: string;
  readonly says: readonly RegExp[];
  /** A command that repairs the node; then the installation succeeds. */
  readonly mend: string;
}

const squatter = `systemd-run --unit=squatter /opt/node/node -e "require('net').createServer().listen('/run/criproxy.sock')"`;
const readOnly = (folder: string) => `mount --rbind ${folder} ${folder} && mount -o remount,bind,ro ${folder}`;

const failures: readonly FailureRow[] = [
  {
    name: 'containerd does not run, and cannot be started',
    layout: instance,
    prepare: 'systemctl mask --runtime --now containerd',
    says: [/does not answer through its primary runtime/],
    mend: 'systemctl unmask --runtime containerd',
  },
  {
    name: 'somebody else listens on the socket',
    layout: flags,
    prepare: `${squatter} && until [ -S ${socket} ]; do sleep 0.1; done`,
    says: [/already in use/],
    mend: `systemctl stop squatter; rm -f ${socket}`,
  },
  {
    name: '/etc is read-only',
    layout: flags,
    prepare: readOnly('/etc'),
    says: [/read-only/i],
    mend: 'mount -o remount,bind,rw /etc',
  },
  {
    name: '/opt is read-only',
    layout: flags,
    prepare: readOnly('/opt'),
    says: [/read-only/i],
    mend: 'mount -o remount,bind,rw /opt',
  },
  {
    name: '/opt is on a full disk',
    layout: flags,
    prepare: 'mkdir /opt/criproxy && mount -t tmpfs -o size=20m tmpfs /opt/criproxy',
    says: [/\/opt\/criproxy\/bin\/criproxy/, /no space left/i],
    mend: 'umount /opt/criproxy',
  },
  {
    name: 'the kubelet does not come up with the new endpoint',
    layout: instance,
    prepare: 'echo unix:///run/criproxy.sock > /run/kubelet.refuses',
    says: [/the kubelet does not stay up/],
    mend: 'rm /run/kubelet.refuses',
  },
  {
    name: 'a unit of that name was written by hand',
    layout: flags,
    prepare: 'printf "[Service]\\nExecStart=/usr/local/bin/mine\\n" > /etc/systemd/system/criproxy.service',
    says: [/it was written by hand/, /criproxy setup revert/],
    mend: 'rm /etc/systemd/system/criproxy.service',
  },
];

for (const row of failures) {
  test(`not installed: ${row.name}`, options, async t => {
    const node = await bootKubeletNode(row.layout);
    t.teardown(() => node.remove());
    node.must(row.prepare);
    const before = snapshot(node);
    const starts = node.starts();
    const { status, stdout, stderr } = node.run(install);
    t.equal(status, 1, stdout);
    t.match(stderr, /it failed; the node is as it was/);
    for (const words of row.says) t.match(stderr, words);
    t.same(snapshot(node), before, 'no file has changed');
    t.equal(node.must('systemctl is-active kubelet'), 'active\n');
    t.notMatch(endpointOf(node), 'criproxy');
    t.ok(node.starts() - starts <= 2, 'the kubelet was restarted for its new and its old endpoint at most');
    const mended = node.run(`${row.mend} && ${install}`);
    t.equal(mended.status, 0, mended.stderr);
    t.equal(endpointOf(node), socket, 'mended, it is installed');
  });
}

/** The files of a release whose program is a script. */
function makeRelease(node: KubeletNode, folder: string, program: string): string {
  node.must(`mkdir ${folder} && cp -a /opt/packages/unpacked/. ${folder} && rm ${folder}/criproxy`);
  node.must(`sed -i 's/^Description=.*/Description=${folder.replaceAll('/', ' ')}/' ${folder}/criproxy.service`);
  node.write(`${folder}/criproxy`, program, 0o755);
  return `/opt/packages/unpacked/criproxy setup install --from ${folder}`;
}

const BROKEN = '#!/bin/sh\necho this daemon is broken >&2\nexit 7\n';
const GOOD = '#!/bin/sh\nexec /opt/packages/criproxy "$@"\n';

test('an upgrade keeps serving; one to a program that does not run goes back', options, async t => {
  const node = await bootKubeletNode(instance);
  t.teardown(() => node.remove());
  importPause(node);
  node.must(install);
  const pod = await node.runPod(socket);
  const [starts, first] = [node.starts(), snapshot(node)];

  const failed = node.run(makeRelease(node, '/root/broken', BROKEN));
  t.equal(failed.status, 1);
  t.match(failed.stderr, /it failed; the node is as it was/);
  t.match(failed.stderr, /this daemon is broken/);
  t.same(snapshot(node), first, 'all files are those of the old release');
  t.equal(node.must('systemctl is-active criproxy kubelet'), 'active\nactive\n');
  t.equal(node.must('systemctl show -P NeedDaemonReload criproxy'), 'no\n');

  const upgraded = node.run(makeRelease(node, '/root/good', GOOD));
  t.equal(upgraded.status, 0, upgraded.stderr);
  t.equal(node.must('systemctl show -P Description criproxy'), ' root good\n'.trimStart());
  t.same(await node.listPods(socket), [pod]);
  t.equal(node.starts(), starts, 'the kubelet was not restarted');
  t.equal(node.run('ls /opt/criproxy/kept').status, 2, 'what was kept is gone');
  t.ok(node.kubelet()!.outage < 10_000, 'the socket was gone for no longer than a restart takes');
});

test(
  'an interrupted installation continues, and can still restore the program that served before',
  options,
  async t => {
    const node = await bootKubeletNode(instance);
    t.teardown(() => node.remove());
    node.must(install);
    const before = snapshot(node);
    const broken = makeRelease(node, '/root/broken', BROKEN);
    // The installation is killed while it waits for the daemon of the new program.
    node.must(
      `(${broken} >/dev/null 2>&1 & echo $! > /run/pid); until grep -q broken /etc/systemd/system/criproxy.service; do sleep 0.05; done; kill -9 $(cat /run/pid)`,
    );
    t.equal(node.must('ls /opt/criproxy/kept'), 'criproxy.previous\ncriproxy.service.previous\n');
    t.equal(node.run(broken).status, 1);
    t.same(
      snapshot(node).filter(line => !/criproxy-(old|new)/.test(line)),
      before,
      'the old release is back',
    );
    t.equal(node.run(install).status, 0);
    t.equal(node.must('systemctl is-active criproxy kubelet'), 'active\nactive\n');
  },
);

test('the package and the archive do not take each other’s place', options, async t => {
  const node = await bootKubeletNode(instance);
  t.teardown(() => node.remove());
  node.must('dpkg -i /opt/packages/criproxy.deb');
  const refused = node.run(install);
  t.equal(refused.status, 1);
  t.match(refused.stderr, /of the package criproxy/);
  t.match(refused.stderr, /dpkg -r criproxy/);
  t.match(node.run('/opt/packages/unpacked/criproxy setup uninstall').stderr, /dpkg -r criproxy/);
  node.must('dpkg -r criproxy');
  node.must(install);
  const starts = node.starts();
  const state = 'cat /etc/default/criproxy /etc/criproxy/runtimes.env /var/lib/criproxy/setup.json';
  const kept = node.must(state);
  node.must('dpkg -P criproxy && systemctl restart criproxy');
  t.equal(node.must(state), kept, 'a purge of the package, which is removed already, leaves the state of the archive');
  const package_ = node.run('dpkg -i /opt/packages/criproxy.deb');
  t.equal(package_.status, 1);
  t.match(package_.stderr, /criproxy setup uninstall/);
  t.equal(node.starts(), starts);
  t.equal(endpointOf(node), socket);
  t.equal(node.run('systemctl is-active criproxy').stdout, 'active\n');
  // On a file system of its own it is emptied, and stays.
  node.must('cp -a /var/lib/criproxy /root/state && mount -t tmpfs tmpfs /var/lib/criproxy');
  node.must('cp -a /root/state/. /var/lib/criproxy && systemctl restart criproxy');
  node.must('criproxy setup uninstall --purge');
  t.equal(endpointOf(node), containerd);
  t.equal(node.run(state).stdout, '');
});

test('a configuration file: checked, in force, reloaded, and taken back', options, async t => {
  const node = await bootKubeletNode(instance);
  t.teardown(() => node.remove());
  const write = (...others: readonly string[]) =>
    node.write('/root/config.yaml', ['runtimes:', `  - socket: ${containerd}`, ...others, ''].join('\n'));
  const runtimes = () => JSON.parse(node.must('criproxy status -o json')).runtimes.map(({ id }: { id: string }) => id);
  write('  - id: kata', '    socket: /run/kata.sock');
  node.must(`${install} --config /root/config.yaml`);
  t.same(runtimes(), ['', 'kata']);
  const pid = node.must('systemctl show -P MainPID criproxy');

  write('  - id: kata', '    socket: /run/kata.sock', '  - id: gvisor', '    socket: /run/gvisor.sock');
  t.match(node.must('criproxy setup apply --config /root/config.yaml'), /reloaded criproxy/);
  t.same(runtimes(), ['', 'kata', 'gvisor']);
  t.equal(node.must('systemctl show -P MainPID criproxy'), pid, 'it was not restarted');

  const good = node.must('cat /etc/criproxy/config.yaml');
  write('  - id: kata', '    sockets: /run/kata.sock');
  const wrong = node.run('criproxy setup apply --config /root/config.yaml');
  t.equal(wrong.status, 2);
  t.match(wrong.stderr, /config\.yaml:4/);
  node.write('/root/config.yaml', 'runtimes:\n  - socket: /run/other.sock\n');
  const other = node.run('criproxy setup apply --config /root/config.yaml');
  t.equal(other.status, 1);
  t.match(other.stderr, /its first runtime is \/run\/other\.sock, and the primary runtime of this node is/);
  t.equal(node.must('cat /etc/criproxy/config.yaml'), good);
  t.same(runtimes(), ['', 'kata', 'gvisor']);
  t.equal(node.must('criproxy setup apply'), 'nothing to change\n', 'without a file it stays');
  t.equal(node.run('criproxy setup uninstall').status, 0);
  t.equal(node.must('cat /etc/criproxy/config.yaml'), good, 'the file is a setting, and stays without --purge');
});
