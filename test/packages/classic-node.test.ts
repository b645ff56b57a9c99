import { test } from 'tap';
import { layouts } from '../setup/layouts.ts';
import { waitFor } from '../support/child.ts';
import { needs } from '../support/require.ts';
import { classicExecutable } from './executables.ts';
import { bootKubeletNode } from './kubelet-node.ts';

const options = needs('root', 'node', 'packages');

/** Kubernetes 1.31, with the endpoint in config.yaml. */
const modern = layouts[10]!;

test('an executable of pkg’s classic mode on a node: systemd, its sandbox, journald and set-up', options, async t => {
  await classicExecutable(); // the node sees its folder, beside the packages
  const node = await bootKubeletNode(modern);
  t.teardown(() => node.remove());
  const show = (property: string) => node.must(`systemctl show -P ${property} criproxy.service`).trim();
  node.must('dpkg -i /opt/packages/criproxy.deb');
  node.must('install -m 0755 /opt/packages/classic/criproxy /usr/bin/criproxy');
  node.must(`sed -i 's/^CRIPROXY_ARGS="/&-logFormat journal /' /etc/default/criproxy`);
  node.must('systemctl restart criproxy');
  await waitFor('the status', () => /^serving CRI on .*, 1 of 2 runtimes up/.test(show('StatusText')) || undefined);
  t.equal(show('WatchdogUSec'), '1min', 'it is heard by systemd, without another program');
  t.same(await node.listPods('/run/criproxy.sock'), []);

  const entries = node.must('journalctl --sync && journalctl -u criproxy -o json --no-pager').trimEnd().split('\n');
  const first = entries.map(line => JSON.parse(line)).find(({ MESSAGE }) => /, classic\) starts/.test(MESSAGE));
  t.match(first, { CRIPROXY_LEVEL: /^\d$/, _TRANSPORT: 'journal' });

  const status = JSON.parse(node.must('criproxy status -o json'));
  t.match(status.daemon.base, /, classic$/);
  t.match(node.must('criproxy setup status'), '/run/criproxy.sock');
  node.must('criproxy setup revert --stop');
  t.equal(node.run('systemctl is-active criproxy.socket').stdout, 'inactive\n');
  node.must('criproxy setup apply');
  t.equal(node.must('systemctl is-active criproxy kubelet'), 'active\nactive\n');
  t.same(await node.listPods('/run/criproxy.sock'), []);
});
