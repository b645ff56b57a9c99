import { test } from 'tap';
import { CONFIG, config, DEFAULT, dropIn, ETC_DROP_IN, FLAGS, LIB_UNIT, unit } from '../setup/kubeadm-files.ts';
import { needs } from '../support/require.ts';
import { bootKubeletNode } from './kubelet-node.ts';

const endpoint = 'unix:///run/criproxy.sock';
const docker = 'KUBELET_KUBEADM_ARGS="--cgroup-driver=cgroupfs --network-plugin=cni"\n';

test('a kubelet of Docker goes from 1.20 to 1.27, which does not know --container-runtime', {
  ...needs('root', 'node', 'packages'),
}, async t => {
  const node = await bootKubeletNode({
    minor: 20,
    kubelet: '/usr/bin/kubelet',
    files: {
      [LIB_UNIT]: unit('/usr/bin/kubelet'),
      [ETC_DROP_IN]: dropIn('/usr/bin/kubelet'),
      [FLAGS]: docker,
      [DEFAULT]: 'KUBELET_EXTRA_ARGS=\n',
      [CONFIG]: config(),
    },
  });
  t.teardown(() => node.remove());
  node.must("echo 'criproxy criproxy/primary_cri select containerd' | debconf-set-selections");
  node.must('dpkg -i /opt/packages/criproxy.deb');
  t.match(node.must(`cat ${FLAGS}`), '--container-runtime=remote');

  node.write(FLAGS, node.must(`cat ${FLAGS}`).replace(' --network-plugin=cni', ''));
  node.write(FLAGS, node.must(`cat ${FLAGS}`).replace('--cgroup-driver=cgroupfs', '--cgroup-driver=systemd'));
  const upgraded = node.run('dpkg -i /opt/packages/kubelet-27.deb');
  t.equal(upgraded.status, 0, upgraded.stderr);
  t.equal(node.must(`cat ${FLAGS}`), 'KUBELET_KUBEADM_ARGS="--cgroup-driver=systemd"\n');
  t.equal(node.must('systemctl is-active kubelet'), 'active\n');
  t.match(node.kubelet(), { minor: 27, endpoint });
  t.match(node.must('criproxy setup apply'), 'nothing to change');

  t.equal(node.run('dpkg -r criproxy').status, 0);
  t.equal(node.must(`cat ${CONFIG}`), config());
  t.equal(node.must('systemctl is-active kubelet'), 'active\n');
});
