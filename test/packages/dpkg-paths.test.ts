import { type Test, test } from 'tap';
import { layouts } from '../setup/layouts.ts';
import { needs } from '../support/require.ts';
import { bootKubeletNode, type KubeletNode } from './kubelet-node.ts';

const options = needs('root', 'node', 'packages');

/** Kubernetes 1.31 of kubeadm. */
const modern = layouts[10]!;

interface Path {
  readonly name: string;
  /** Scripts of the new package that must fail, by name. */
  readonly failing?: Readonly<Record<string, string>>;
  /** A command that changes the installed package or the node before. */
  readonly prepare?: string;
  readonly command?: string;
  /** A script with its first argument; dpkg must have called it. */
  readonly calls: readonly string[];
  readonly status: 0 | 1;
  /** A command that repairs the package. */
  readonly mend?: string;
}

const failsAt = (argument: string) => `[ "$1" != ${argument} ] || exit 1`;
const info = '/var/lib/dpkg/info/criproxy';

/** The paths that dpkg takes when it ends half-way: deb-preinst(5) and the like, and Debian policy 6.6. */
const paths: readonly Path[] = [
  {
    name: 'the new preinst fails: postrm abort-upgrade, postinst abort-upgrade',
    failing: { preinst: failsAt('upgrade') },
    calls: ['postrm abort-upgrade', 'postinst abort-upgrade'],
    status: 1,
  },
  {
    name: 'the files cannot be unpacked: the same',
    prepare: 'mount -t tmpfs -o ro tmpfs /usr/share/criproxy',
    calls: ['postrm abort-upgrade', 'postinst abort-upgrade'],
    status: 1,
    mend: 'umount /usr/share/criproxy',
  },
  {
    name: 'the old prerm fails, the new one does its work: prerm failed-upgrade',
    prepare: `sed -i '2i ${failsAt('upgrade')}' ${info}.prerm`,
    calls: ['prerm failed-upgrade', 'postinst configure'],
    status: 0,
  },
  {
    name: 'both prerm fail: postinst abort-upgrade',
    prepare: `sed -i '2i ${failsAt('upgrade')}' ${info}.prerm`,
    failing: { prerm: failsAt('failed-upgrade') },
    calls: ['prerm failed-upgrade', 'postinst abort-upgrade'],
    status: 1,
    mend: `sed -i 2d ${info}.prerm`,
  },
  {
    name: 'the old postrm fails: postrm failed-upgrade',
    prepare: `sed -i '2i ${failsAt('upgrade')}' ${info}.postrm`,
    calls: ['postrm failed-upgrade', 'postinst configure'],
    status: 0,
  },
  {
    name: 'a package that breaks this one is not installed after all: prerm deconfigure, postinst abort-deconfigure',
    command: 'dpkg --auto-deconfigure -i /root/breaker.deb',
    calls: ['prerm deconfigure', 'postinst abort-deconfigure'],
    status: 1,
  },
  {
    name: 'a removal that is refused: postinst abort-remove',
    prepare: 'cp /var/lib/criproxy/setup.json /root && echo nonsense > /var/lib/criproxy/setup.json',
    command: 'dpkg -r criproxy',
    calls: ['prerm remove', 'postinst abort-remove'],
    status: 1,
    mend: 'mv /root/setup.json /var/lib/criproxy && dpkg --configure -a',
  },
];

/** Makes every script of a package's folder write how it was called. */
const TRACE = `for script in preinst postinst prerm postrm; do
  sed -i "1a echo $script \\"\\$1\\" >> /root/calls" "$1/$script"
done`;

/** A copy of the next package in which some scripts fail. */
function pack(node: KubeletNode, failing: Readonly<Record<string, string>>): void {
  const lines = Object.entries(failing).map(([script, line]) => `sed -i '3i ${line}' /root/tree/DEBIAN/${script}`);
  node.must(
    [
      'rm -rf /root/tree; dpkg-deb -R /opt/packages/criproxy-next.deb /root/tree',
      'sh /root/trace.sh /root/tree/DEBIAN',
      ...lines,
      'dpkg-deb -Znone -b /root/tree /root/next.deb',
    ].join('\n'),
  );
}

function packBreaker(node: KubeletNode): void {
  const control =
    'Package: breaker\nVersion: 1\nArchitecture: all\nMaintainer: none <none@localhost>\nBreaks: criproxy\n';
  node.write('/root/breaker/DEBIAN/control', `${control}Description: fails\n`);
  node.write('/root/breaker/DEBIAN/preinst', '#!/bin/sh\nexit 1\n', 0o755);
  node.must('dpkg-deb -Znone -b /root/breaker /root/breaker.deb');
}

async function assertServes(t: Test, node: KubeletNode): Promise<void> {
  t.equal(node.kubelet()?.endpoint, 'unix:///run/criproxy.sock');
  t.equal(node.must('systemctl is-active criproxy kubelet'), 'active\nactive\n');
  t.same(await node.listPods('/run/criproxy.sock'), []);
}

test('whatever way dpkg goes, the kubelet is served', options, async t => {
  const node = await bootKubeletNode(modern);
  t.teardown(() => node.remove());
  node.write('/root/trace.sh', TRACE);
  packBreaker(node);
  node.must('dpkg -i /opt/packages/criproxy.deb');
  const starts = node.starts();
  for (const path of paths)
    await t.test(path.name, async t => {
      node.must(
        `dpkg -i /opt/packages/criproxy.deb; mkdir -p /root/info; cp ${info}.p* /root/info
        for script in preinst postinst prerm postrm; do mv /root/info/criproxy.$script /root/info/$script; done
        sh /root/trace.sh /root/info; for script in preinst postinst prerm postrm; do cp /root/info/$script ${info}.$script; done
        rm -f /root/calls`,
      );
      pack(node, path.failing ?? {});
      node.must(path.prepare ?? 'true');
      const { status, stdout, stderr } = node.run(path.command ?? 'dpkg -i /root/next.deb');
      t.equal(status, path.status, stdout + stderr);
      const calls = node.must('cat /root/calls').trim().split('\n');
      for (const call of path.calls) t.ok(calls.includes(call), `${call} of ${calls.join(', ')}`);
      await assertServes(t, node);
      t.equal(node.run('ls /usr/lib/criproxy').stdout, '', 'nothing is kept any longer than it takes');
      node.must(path.mend ?? 'true');
    });
  t.equal(node.starts(), starts, 'the kubelet was never restarted');

  await t.test('another package takes over every file: postrm disappear', async t => {
    node.must(
      'dpkg -i /opt/packages/criproxy.deb; rm -rf /root/tree; dpkg-deb -R /opt/packages/criproxy-next.deb /root/tree',
    );
    node.must(
      `cd /root/tree/DEBIAN && rm p* config templates triggers && sed -i '/^\\(Conflicts\\|Provides\\|Depends\\)/d; s/^Package: .*/Package: other/; s/^Replaces: .*/Replaces: criproxy/' control`,
    );
    node.must('dpkg-deb -Znone -b /root/tree /root/other.deb && dpkg -i /root/other.deb');
    t.equal(node.run('dpkg -s criproxy').status, 1, 'it has disappeared');
    await assertServes(t, node);
  });
});
