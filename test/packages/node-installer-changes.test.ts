import { test } from 'tap';
import { waitFor } from '../support/child.ts';
import { needs } from '../support/require.ts';
import { control, instance, kata, settings, snapshotOf, socket, startKata, yaml } from './installer-node.ts';
import { bootInstallerNode, readApiNode, startPod } from './installer-pod.ts';
import { endpointOf } from './kubelet-node.ts';

const options = needs('root', 'node', 'packages');

test('the configuration: checked, reloaded, and taken back where the node is not well with it', options, async t => {
  const node = await bootInstallerNode(instance, true);
  t.teardown(() => node.remove());
  const pod = startPod(node, { config: yaml('  - id: kata', '    sockets: /run/kata.sock'), patience: 5 });
  await pod.said(/check: not done: [\s\S]*config\.yaml:4[\s\S]*nothing was changed/);
  t.equal(node.run('test -e /usr/bin/criproxy').status, 1, 'nothing was installed');

  pod.setConfig(yaml(...kata));
  await pod.ready();
  t.equal(node.must(`cat ${settings}`), yaml(...kata));
  const pid = node.must('systemctl show -P MainPID criproxy');
  t.match(
    readApiNode(node).conditions.find(({ type }) => type === 'runtime.criproxy/kata'),
    { status: 'False' },
  );
  t.notOk('runtime.criproxy/kata' in readApiNode(node).labels);

  startKata(node);
  await waitFor('the label', async () => readApiNode(node).labels['runtime.criproxy/kata'], { timeout: 60_000 });
  t.match(
    readApiNode(node).conditions.find(({ type }) => type === 'runtime.criproxy/kata'),
    { status: 'True' },
  );

  const more = yaml(...kata, '  - id: gvisor', '    socket: /run/gvisor.sock');
  pod.setConfig(more);
  await pod.said(/apply: reloaded criproxy/);
  await pod.ready();
  t.equal(node.must(`cat ${settings}`), more);
  t.equal(node.must('systemctl show -P MainPID criproxy'), pid, 'the daemon was not restarted');

  control(node, { unreadyWith: { file: settings, text: 'another' } });
  pod.setConfig(`# another\n${more}`);
  await pod.said(/verify: not done: the node is not Ready: [\s\S]*the step was taken back/);
  t.equal(node.must(`cat ${settings}`), more, 'the configuration of before is in force again');
  t.notOk(pod.isReady());
  t.equal(endpointOf(node), socket, 'the node stays on criproxy');
  pod.setConfig(more);
  await pod.ready();
  await pod.stop();
});

/** A program whose daemon ends at once; as a set-up it works. */
const BROKEN =
  '#!/bin/sh\ncase $1 in setup | config | doctor | -version) exec /opt/packages/criproxy "$@" ;; esac\nexit 7\n';

for (const withDpkg of [true, false]) {
  test(
    `an upgrade to what does not serve goes back, ${withDpkg ? 'as a package' : 'without dpkg'}`,
    options,
    async t => {
      const node = await bootInstallerNode(instance, withDpkg);
      t.teardown(() => node.remove());
      const first = startPod(node);
      await first.ready();
      await first.stop();
      const [before, starts] = [snapshotOf(node), node.starts()];
      node.write('/root/broken', BROKEN, 0o755);
      const replaced = {
        '/criproxy/criproxy': '/root/broken',
        '/packages/criproxy.deb': '/opt/packages/criproxy-broken.deb',
      };
      const pod = startPod(node, { replaced, patience: 5 });
      await pod.said(/install: not done: [\s\S]*the step was taken back/);
      t.same(snapshotOf(node), before, 'all files are those of the old release');
      t.equal(node.must('systemctl is-active criproxy kubelet'), 'active\nactive\n');
      t.equal(node.starts(), starts, 'the kubelet was not restarted');
      t.notOk(pod.isReady());
      await pod.stop();

      node.write('/root/good', '#!/bin/sh\nexec /opt/packages/criproxy "$@"\n', 0o755);
      control(node, { unreadyWith: { file: '/root/unready', text: 'yes' } });
      node.write('/root/unready', 'no');
      const good = { '/criproxy/criproxy': '/root/good', '/packages/criproxy.deb': '/opt/packages/criproxy-next.deb' };
      const upgrade = startPod(node, { replaced: good, patience: 5, settle: 5 });
      await upgrade.said(/install: /);
      node.write('/root/unready', 'yes');
      await upgrade.said(/verify: not done: the node is not Ready[\s\S]*the step was taken back/);
      t.same(snapshotOf(node), before, 'an upgrade that is not found to be well goes back too');
      await upgrade.stop();
      control(node, {});
      const again = startPod(node, { replaced: good });
      await again.ready();
      t.match(again.log(), /done: install/);
      t.equal(endpointOf(node), socket);
      await again.stop();
    },
  );
}
