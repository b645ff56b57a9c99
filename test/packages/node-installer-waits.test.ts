import { test } from 'tap';
import { waitFor } from '../support/child.ts';
import { connect } from '../support/cri-client.ts';
import { needs } from '../support/require.ts';
import { containerd, control, instance, kata, socket, startKata, yaml } from './installer-node.ts';
import { bootInstallerNode, startPod } from './installer-pod.ts';
import { endpointOf } from './kubelet-node.ts';

const options = needs('root', 'node', 'packages');

test('pods of another runtime keep their node on criproxy until they are gone', options, async t => {
  const node = await bootInstallerNode(instance, false);
  t.teardown(() => node.remove());
  startKata(node);
  const on = startPod(node, { config: yaml(...kata) });
  await on.ready();
  await on.stop();
  const id = await node.runPod(containerd);
  const off = startPod(node, { state: 'absent' });
  await off.said(
    /remove: not done: [\s\S]*pods run on other runtimes[\s\S]*kata: tests\/pod-\d+[\s\S]*nothing was changed/,
  );
  t.equal(endpointOf(node), socket);
  t.notOk(off.isReady());
  const client = connect(node.path(containerd));
  await client.call('StopPodSandbox', { pod_sandbox_id: id });
  await client.call('RemovePodSandbox', { pod_sandbox_id: id });
  client.close();
  await off.ready();
  t.equal(endpointOf(node), containerd);
  await off.stop();
});

test('a container that is killed in a step leaves the step to its end, and the next one goes on', options, async t => {
  const node = await bootInstallerNode(instance, true);
  t.teardown(() => node.remove());
  const starts = node.starts();
  const pod = startPod(node, { settle: 60 });
  await waitFor('dpkg to run', async () => node.run('pgrep -x dpkg').status === 0 || undefined, { timeout: 60_000 });
  node.must("systemctl kill -s KILL 'pod-*'");
  await waitFor('dpkg to end', async () => node.run('pgrep -x dpkg').status !== 0 || undefined, { timeout: 60_000 });
  t.equal(endpointOf(node), socket, 'the package was installed all the same');
  t.match(node.must('dpkg-query -s criproxy'), 'Status: install ok installed');
  t.notOk(pod.isReady());
  const next = startPod(node);
  await next.ready();
  t.equal(node.starts(), starts + 1, 'the kubelet was restarted once');
  await next.stop();
});

test('dpkg is waited for while another one works', options, async t => {
  const node = await bootInstallerNode(instance, true);
  t.teardown(() => node.remove());
  node.write(
    '/root/slow/DEBIAN/control',
    'Package: slow\nVersion: 1\nArchitecture: all\nMaintainer: none <none@localhost>\nDescription: slow\n',
  );
  node.write('/root/slow/DEBIAN/postinst', '#!/bin/sh\nuntil [ -e /run/slow ]; do sleep 0.1; done\n', 0o755);
  node.must('dpkg-deb -b /root/slow /root/slow.deb && systemd-run --quiet dpkg -i /root/slow.deb');
  await waitFor('dpkg to run', async () => node.run('pgrep -f slow.postinst').status === 0 || undefined);
  const pod = startPod(node);
  await pod.said(/look: /);
  await waitFor(
    'dpkg to be refused',
    async () => /locked by another/.test(node.run('cat /run/criproxy-installer.log').stdout) || undefined,
    { timeout: 60_000 },
  );
  node.write('/run/slow', '');
  await pod.ready();
  t.match(node.must('dpkg-query -s criproxy'), 'Status: install ok installed');
  await pod.stop();
});

test('an API server that refuses labels keeps no node from criproxy, and is named', options, async t => {
  const node = await bootInstallerNode(instance, true);
  t.teardown(() => node.remove());
  control(node, { refuse: 403 });
  const pod = startPod(node);
  await pod.ready();
  t.match(
    await pod.said(/report: /),
    /labels and conditions cannot be written: PATCH \S+ 403 nodes "node-1" is forbidden/,
  );
  await pod.stop();
});
