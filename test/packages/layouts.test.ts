import { test } from 'tap';
import { layouts } from '../setup/layouts.ts';
import { needs } from '../support/require.ts';
import { bootKubeletNode, endpointOf, importPause } from './kubelet-node.ts';

const socket = '/run/criproxy.sock';
const containerd = '/run/containerd/containerd.sock';

/** The paths in which two snapshots differ. */
function changedPaths(before: readonly string[], after: readonly string[]): string[] {
  const old = new Set(before);
  const now = new Set(after);
  const lines = [...before.filter(line => !now.has(line)), ...after.filter(line => !old.has(line))];
  return [...new Set(lines.map(line => /(\/\S+)/.exec(line)![1]!))].sort();
}

for (const layout of layouts) {
  test(`install, install again, remove, purge: kubelet ${layout.name}`, {
    ...needs('root', 'node', 'packages'),
  }, async t => {
    const node = await bootKubeletNode(layout);
    t.teardown(() => node.remove());
    importPause(node);
    const before = node.snapshot();
    const endpoint = endpointOf(node);
    const starts = node.starts();

    const installed = node.run('dpkg -i --force-depends /opt/packages/criproxy.deb');
    t.equal(installed.status, 0, installed.stderr);
    t.equal(endpointOf(node), socket, 'the kubelet really uses criproxy');
    t.equal(node.starts(), starts + 1, 'it was restarted once');
    t.match(node.must('criproxy setup status'), /in use: kubelet \d+: it is connected to \/run\/criproxy\.sock/);
    t.equal(node.must('systemctl is-active criproxy kubelet'), 'active\nactive\n');
    const files = changedPaths(before, node.snapshot());
    for (const file of layout.changes) t.ok(files.includes(file), `${file} was changed`);

    // The stand-in for dockershim knows nothing of pods.
    const runsPods = layout.primary === containerd;
    const pods = runsPods ? [await node.runPod(socket)] : [];
    t.same(runsPods ? await node.listPods(socket) : [], pods, 'a pod runs through the socket');
    t.same(await node.listPods(containerd), pods, 'it is containerd’s');

    const applied = node.snapshot();
    t.match(node.must('criproxy setup apply'), 'nothing to change');
    t.equal(node.run('dpkg -i --force-depends /opt/packages/criproxy.deb').status, 0);
    t.same(node.snapshot(), applied, 'the second time nothing changes');
    t.equal(node.starts(), starts + 1, 'the kubelet is not restarted');

    const removed = node.run('dpkg -r criproxy');
    t.equal(removed.status, 0, removed.stderr);
    t.equal(endpointOf(node), endpoint, 'the kubelet is back on its old endpoint');
    t.equal(node.starts(), starts + 2, 'it was restarted once more');
    t.same(await node.listPods(containerd), pods, 'the pod runs on');
    t.equal(node.must('dpkg -P criproxy 2>&1 >/dev/null'), '');
    t.same(changedPaths(before, node.snapshot()), [], 'nothing is left');
    t.equal(node.must('systemctl list-units --failed --no-legend'), '');
  });
}
