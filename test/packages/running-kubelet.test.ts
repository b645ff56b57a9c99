import { test } from 'tap';
import { CONFIG, config } from '../setup/kubeadm-files.ts';
import { layouts } from '../setup/layouts.ts';
import { waitFor } from '../support/child.ts';
import { needs } from '../support/require.ts';
import { bootKubeletNode } from './kubelet-node.ts';

const containerd = '/run/containerd/containerd.sock';
const modern = layouts.find(({ name }) => name.startsWith('1.31, config.yaml with a comment'))!;

test('the connection of the running kubelet counts, not its files', {
  ...needs('root', 'node', 'packages'),
}, async t => {
  const node = await bootKubeletNode(modern);
  t.teardown(() => node.remove());
  const doctor = () => node.run('criproxy doctor').stdout.replace(/\s+/g, ' ');
  const before = node.must(`cat ${CONFIG}`);
  node.must('dpkg -i /opt/packages/criproxy.deb && criproxy setup revert');
  node.write('/run/kubelet.uses', `unix://${containerd}`);
  const { status, stderr } = node.run('criproxy setup apply --settle 2');
  t.equal(status, 1);
  t.match(stderr, `does not use /run/criproxy.sock: it is connected to ${containerd}`);
  t.match(stderr, /its log ends with:\n {4}I kubelet: told to use/, 'with the kubelet’s own words');
  t.equal(node.must(`cat ${CONFIG}`), before, 'everything is taken back');

  node.must('rm /run/kubelet.uses && criproxy setup apply');
  t.match(
    node.must('criproxy setup status'),
    /criproxy {3}in use: kubelet \d+: it is connected to \/run\/criproxy\.sock\n/,
  );

  node.write(CONFIG, config(`containerRuntimeEndpoint: unix://${containerd}`));
  t.match(
    node.must('criproxy setup status'),
    /not in use by the files, but not so the kubelet that runs \(pid \d+\): it is connected to \/run\/criproxy\.sock/,
  );
  t.match(doctor(), /the kubelet that runs \(pid \d+\): it is connected to \/run\/criproxy\.sock/s);

  node.must('systemctl restart kubelet');
  await waitFor('the kubelet to use containerd', () => node.kubelet()?.endpoint.includes('containerd') || undefined);
  node.write(CONFIG, config('containerRuntimeEndpoint: unix:///run/criproxy.sock'));
  t.match(
    node.must('criproxy setup status'),
    /in use by the files, but not so the kubelet that runs .*containerd\.sock; systemctl restart kubelet/,
  );
  t.match(doctor(), /the kubelet that runs \(pid \d+\): it is connected to \/run\/containerd\/containerd\.sock/s);
});
