import { type Test, test } from 'tap';
import type { Finding } from '../../src/doctor/finding.ts';
import { layouts } from '../setup/layouts.ts';
import { waitFor } from '../support/child.ts';
import { needs } from '../support/require.ts';
import { bootKubeletNode, type KubeletNode } from './kubelet-node.ts';

const options = needs('root', 'node', 'packages');

/** Kubernetes 1.31 of kubeadm. */
const modern = layouts[10]!;

const DOCTOR = 'criproxy doctor -o json';

function examine(node: KubeletNode, command: string = DOCTOR): { status: number | null; found: readonly Finding[] } {
  const { status, stdout, stderr } = node.run(command);
  if (stdout === '') throw new Error(stderr);
  const { findings } = JSON.parse(stdout) as { findings: readonly Finding[] };
  return { status, found: findings.filter(({ severity }) => severity !== 'ok') };
}

function namesOf(found: readonly Finding[]): string[] {
  return found.map(({ severity, check }) => `${severity} ${check}`);
}

/** A command that breaks the node, and the findings of the doctor then; the commands that it names must repair the node. */
const rows: readonly [what: string, command: string, found: readonly string[]][] = [
  ['a socket for everybody', 'chmod o+rw /run/criproxy.sock', ['fail socket-cri']],
  ['a state folder for everybody', 'chmod 777 /var/lib/criproxy', ['fail state-mode']],
  ['a disabled unit', 'systemctl disable criproxy.service', ['warn unit-enabled']],
  ['no forwarding', 'sysctl -w net.ipv4.ip_forward=0', ['warn sysctl-net.ipv4.ip_forward']],
  [
    'a unit changed on the disk',
    'mkdir -p /etc/systemd/system/criproxy.service.d && printf "[Service]\\nNice=0\\n" > /etc/systemd/system/criproxy.service.d/x.conf',
    ['warn unit-reload'],
  ],
  ['a damaged snapshot', 'touch /var/lib/criproxy/primary.snapshot.damaged-1', ['warn state-damaged']],
  ['the kubelet past the proxy', 'criproxy setup revert', ['fail kubelet-endpoint']],
  [
    'the daemon stopped',
    'systemctl stop criproxy.socket criproxy.service',
    ['fail kubelet-running', 'fail daemon', 'fail daemon-cri', 'fail unit', 'warn unit-socket'],
  ],
  ['containerd stopped', 'systemctl stop containerd', ['fail daemon-cri', 'fail runtime-primary']],
  ['a kubelet that does not run', 'systemctl stop kubelet', ['warn kubelet-running']],
];

async function breakAndMend(t: Test, node: KubeletNode): Promise<void> {
  for (const [what, command, expected] of rows) {
    node.must(command);
    const { status, found } = await waitFor(what, () => {
      const examined = examine(node);
      return examined.found.length >= expected.length ? examined : undefined;
    });
    t.same(namesOf(found), expected, what);
    t.equal(status, expected.some(name => name.startsWith('fail')) ? 4 : 3, `${what}: exit status`);
    for (const mend of found.flatMap(finding => finding.mend)) node.run(mend);
    const mended = await waitFor(`the end of: ${what}`, () => (examine(node).status === 0 ? true : undefined)).catch(
      () => namesOf(examine(node).found),
    );
    t.equal(mended, true, `${what}: its commands mend it`);
  }
}

test('status and doctor on a node with systemd and a kubelet', options, async t => {
  const node = await bootKubeletNode(modern);
  t.teardown(() => node.remove());
  node.must('sysctl -w net.ipv4.ip_forward=1');
  // A network of pods, as its add-on leaves it; the default second runtime was never there.
  node.write('/etc/cni/net.d/10-pods.conflist', '{"cniVersion":"0.4.0","name":"pods","plugins":[{"type":"loopback"}]}');
  node.must('dpkg -i /opt/packages/criproxy.deb');

  await t.test('all is well after the installation', async t => {
    const { found } = await waitFor('the daemon to have settled', () => {
      const examined = examine(node);
      return examined.status === 0 ? examined : undefined;
    }).catch(() => examine(node));
    t.same(found, []);
    const status = node.run('criproxy status');
    t.equal(status.status, 0, status.stdout + status.stderr);
    t.match(status.stdout, /^primary +up /m);
    t.match(status.stdout, /^virtlet\.cloud +- .*\n.*\n +not seen yet: there is no socket/m);
    t.notMatch(node.must('criproxy doctor'), 'virtlet.cloud');
    t.match(node.must('criproxy doctor --all'), 'runtime virtlet.cloud is not seen yet');
    t.equal(node.must('stat -c "%a %U" /var/lib/criproxy/admin.sock'), '660 root\n');
  });

  await t.test('for another user doctor names the checks that it could not make', async t => {
    const { status, found } = examine(node, `setpriv --reuid=65534 --regid=65534 --clear-groups ${DOCTOR}`);
    t.equal(status, 3);
    t.ok(namesOf(found).includes('skip daemon'), namesOf(found).join(', '));
    t.same(
      found.filter(({ severity }) => severity !== 'skip'),
      [],
    );
  });

  await t.test('doctor finds each fault, and its commands repair the node', t => breakAndMend(t, node));
});
