import { test } from 'tap';
import { layouts } from '../setup/layouts.ts';
import { needs } from '../support/require.ts';
import { bootInstallerNode, readApiNode, startPod } from './installer-pod.ts';
import { endpointOf, type KubeletNode } from './kubelet-node.ts';

const options = needs('root', 'node', 'packages');
const socket = '/run/criproxy.sock';
const containerd = '/run/containerd/containerd.sock';

/** The node's files, without the test's own. */
function snapshot(node: KubeletNode): string[] {
  const own = node.run("find /opt/criproxy* -printf '%p %M %l\\n' 2>/dev/null | sort").stdout.split('\n');
  return [...node.snapshot(), ...own].filter(
    line => line !== '' && !/^\/run\/criproxy|^\/var\/lib\/criproxy d/.test(line),
  );
}

/** The steps in a pod's log, each once, in order. */
function stepsOf(log: string): string[] {
  const steps = log.split('\n').flatMap(line => /^\d{4}-\S+Z (\w+):/.exec(line)?.[1] ?? []);
  return steps.filter((step, index) => step !== steps[index - 1]);
}

for (const [index, layout] of layouts.entries()) {
  const withDpkg = index % 2 === 0;
  test(`on and off, ${withDpkg ? 'as a package' : 'without dpkg'}: kubelet ${layout.name}`, options, async t => {
    const node = await bootInstallerNode(layout, withDpkg);
    t.teardown(() => node.remove());
    const runsPods = layout.primary === containerd;
    const before = snapshot(node);
    const pods = runsPods ? [await node.runPod(containerd)] : [];
    const [endpoint, starts] = [endpointOf(node), node.starts()];

    const on = startPod(node);
    await on.ready();
    t.same(stepsOf(on.log()), ['look', 'install', 'apply', 'verify', 'done']);
    t.equal(endpointOf(node), socket);
    t.equal(node.starts(), starts + 1, 'the kubelet was restarted once');
    t.equal(node.run('test -e /opt/criproxy/bin/criproxy').status === 0, !withDpkg);
    t.same(await node.listPods(containerd), pods, 'the pod runs on');
    t.equal(readApiNode(node).labels['runtime.criproxy/primary'], 'up');
    t.equal(await on.stop(), '0');
    t.equal(endpointOf(node), socket, 'a pod that ends changes nothing');

    const off = startPod(node, { state: 'absent' });
    await off.ready();
    t.same(stepsOf(off.log()), ['look', 'remove', 'verify', 'done']);
    t.equal(endpointOf(node), endpoint);
    t.equal(node.starts(), starts + 2, 'it was restarted once more');
    t.same(await node.listPods(containerd), pods, 'the pod runs on');
    t.same(
      readApiNode(node),
      { labels: { 'kubernetes.io/os': 'linux' }, conditions: [] },
      'the cluster knows nothing of it',
    );
    t.equal(await off.stop(), '0');
    t.same(snapshot(node), before, 'nothing is left');
  });
}

test(
  'a pod that finds its node as wanted verifies it, and changes nothing; one that looks changes nothing',
  options,
  async t => {
    const node = await bootInstallerNode(layouts[11]!, false);
    t.teardown(() => node.remove());
    const before = snapshot(node);
    const look = startPod(node, { state: 'look' });
    await look.ready();
    t.match(look.log(), /done: the node can be put on criproxy, without dpkg/);
    t.equal(await look.stop(), '0');
    t.same(snapshot(node), before, 'nothing is left of looking');
    t.match(readApiNode(node).conditions, [{ type: 'criproxy/Installed', status: 'True', reason: 'CanBePutOn' }]);

    const on = startPod(node);
    await on.ready();
    t.equal(await on.stop(), '0');
    const [starts, applied] = [node.starts(), snapshot(node)];
    const again = startPod(node);
    await again.ready();
    t.same(stepsOf(again.log()), ['look', 'verify', 'done']);
    t.match(again.log(), 'nothing to change');
    t.equal(await again.stop(), '0');
    t.equal(node.starts(), starts, 'the kubelet was not restarted');
    t.same(snapshot(node), applied);
  },
);
