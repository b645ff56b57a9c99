import { type Test, test } from 'tap';
import {
  CONFIG,
  config,
  DEFAULT,
  dropIn,
  ETC_DROP_IN,
  ETC_UNIT,
  FLAGS,
  LIB_UNIT,
  unit,
} from '../setup/kubeadm-files.ts';
import { waitFor } from '../support/child.ts';
import { needs } from '../support/require.ts';
import { bootKubeletNode, bootPlainNode, type KubeletNode } from './kubelet-node.ts';

const options = needs('root', 'node', 'packages');
const endpoint = 'unix:///run/criproxy.sock';
const IN_USE = /criproxy {3}in use: kubelet \d+: it is connected to \/run\/criproxy\.sock/;

/** Installs the package, which must put the kubelet on criproxy. */
function install(t: Test, node: KubeletNode, name = 'criproxy'): void {
  const { status, stderr } = node.run(`dpkg -i --force-depends /opt/packages/${name}.deb`);
  t.equal(status, 0, stderr);
  t.equal(node.kubelet()?.endpoint, endpoint);
  t.match(node.must('criproxy setup status'), IN_USE);
}

/** containerd on another socket, and the kubelet's files for it. */
const elsewhere = {
  minor: 31,
  kubelet: '/usr/bin/kubelet',
  files: {
    [LIB_UNIT]: unit('/usr/bin/kubelet'),
    [ETC_DROP_IN]: dropIn('/usr/bin/kubelet'),
    [FLAGS]: 'KUBELET_KUBEADM_ARGS="--node-ip=10.0.0.5 --container-runtime-endpoint=/home/rt/run/containerd.sock"\n',
    [DEFAULT]: 'KUBELET_EXTRA_ARGS=\n',
    [CONFIG]: config(),
    '/etc/systemd/system/containerd.service.d/home.conf': [
      '[Service]',
      'ExecStartPre=/bin/sh -c "mkdir -p /home/rt/run && chown 1234:1234 /home/rt && chmod 700 /home/rt"',
      'ExecStart=',
      'ExecStart=/usr/bin/containerd --address /home/rt/run/containerd.sock',
      '',
    ].join('\n'),
  },
};

test('a runtime in another user’s home folder, and a file that is mounted', options, async t => {
  const node = await bootKubeletNode(elsewhere, 'systemctl restart containerd');
  t.teardown(() => node.remove());
  node.must(`cp ${FLAGS} /root/flags && mount --bind /root/flags ${FLAGS}`);
  const before = node.must(`cat ${FLAGS}`);
  install(t, node);
  const doctor = () => node.run('criproxy doctor').stdout.replace(/\s+/g, ' ');
  t.notMatch(doctor(), 'cannot reach');

  node.must(
    'mv /etc/systemd/system/criproxy.service.d/10-primary.conf /root; systemctl daemon-reload; systemctl restart criproxy',
  );
  t.match(
    doctor(),
    /cannot reach the socket of the primary runtime, \/home\/rt\/run\/containerd\.sock: it is in a home folder/,
  );
  t.match(doctor(), /\/home\/rt is open to user 1234 alone, and root has no CAP_DAC_OVERRIDE/);
  const mended = node.run('criproxy setup apply');
  t.equal(mended.status, 0, mended.stderr);
  t.notMatch(doctor(), 'cannot reach');

  const removed = node.run('dpkg -r criproxy');
  t.equal(removed.status, 0, removed.stderr);
  t.equal(node.must(`cat ${FLAGS}`), before, 'the mounted file is as it was');
});

/** A stand-in for k3s: it starts a containerd of its own, and a kubelet with the arguments of its configuration. */
const k3s = `#!/bin/bash
mkdir -p /run/k3s/containerd
/usr/bin/containerd --address /run/k3s/containerd/containerd.sock --root /var/lib/containerd/k3s --state /run/k3s/state &
until [ -S /run/k3s/containerd/containerd.sock ]; do sleep 0.1; done
args=$(cat /etc/rancher/k3s/config.yaml.d/*.yaml 2>/dev/null | sed -n 's/^- \\(container-runtime-endpoint=\\)/--\\1/p' | tail -1)
exec -a /usr/local/bin/kubelet /opt/node/node /usr/local/bin/kubelet --config=${CONFIG} \\
  --container-runtime-endpoint=unix:///run/k3s/containerd/containerd.sock $args
`;

test('k3s, beside a containerd that is disabled', options, async t => {
  const node = await bootPlainNode();
  t.teardown(() => node.remove());
  node.must(
    'systemctl disable --now containerd; cp /opt/packages/kubelet /usr/local/bin/kubelet; echo 31 > /usr/local/bin/kubelet.minor',
  );
  node.write(CONFIG, config());
  node.write('/usr/local/bin/k3s', k3s, 0o755);
  node.write('/etc/rancher/k3s/config.yaml', 'token: secret\n');
  node.write('/etc/systemd/system/k3s.service', unit('/usr/local/bin/k3s server'));
  node.must('systemctl daemon-reload && systemctl enable --now k3s');
  await waitFor('the kubelet to run', () => node.kubelet());
  const before = node.snapshot();

  install(t, node, 'criproxy-nodeps');
  t.match(node.must('criproxy setup status'), /kubelet {4}k3s, \/etc\/systemd\/system\/k3s\.service/);
  t.match(node.must('cat /etc/criproxy/runtimes.env'), 'CRIPROXY_CONNECT=/run/k3s/containerd/containerd.sock');
  t.equal(node.run('systemctl is-active containerd').stdout, 'inactive\n', 'it is not started');
  t.equal(node.run('systemctl is-active k3s').stdout, 'active\n');

  t.equal(node.run('dpkg -P criproxy-nodeps').status, 0);
  await waitFor('the kubelet to be back', () => node.kubelet()?.endpoint.includes('k3s') || undefined);
  t.same(node.snapshot(), before, 'nothing is left');
});

test('a kubelet below a script, and a configuration in JSON', options, async t => {
  const node = await bootKubeletNode({
    minor: 31,
    kubelet: '/opt/kubelet/kubelet',
    files: {
      [ETC_UNIT]: unit('/opt/start-kubelet'),
      [CONFIG]: '{"apiVersion":"kubelet.config.k8s.io/v1beta1",\n "kind":"KubeletConfiguration"}\n',
      '/opt/start-kubelet': `#!/bin/bash\nexec -a /opt/kubelet/kubelet /opt/node/node /opt/kubelet/kubelet --config=${CONFIG}\n`,
    },
  });
  t.teardown(() => node.remove());
  const before = node.must(`cat ${CONFIG}`);
  install(t, node);
  t.match(node.must(`cat ${CONFIG}`), '"containerRuntimeEndpoint": "unix:///run/criproxy.sock",');
  t.equal(node.run('dpkg -P criproxy').status, 0);
  t.equal(node.must(`cat ${CONFIG}`), before);
});
