import { test } from 'tap';
import { needs } from '../support/require.ts';
import { bootPlainNode } from './kubelet-node.ts';

const options = needs('root', 'node', 'packages');

test('containerd imports the image of the installer', options, async t => {
  const node = await bootPlainNode();
  t.teardown(() => node.remove());
  const imported = node.must('ctr -n k8s.io images import /opt/packages/criproxy-installer.oci.tar');
  const image = /unpacking (\S+)/.exec(imported)?.[1] ?? '';
  t.match(image, /criproxy-installer:/);
  const digest = node.must(`ctr -n k8s.io images ls name==${image}`).split('\n')[1]?.split(/\s+/)[2];
  const manifest = JSON.parse(node.must(`ctr -n k8s.io content get ${digest}`));
  t.match(manifest, { mediaType: 'application/vnd.oci.image.manifest.v1+json', layers: { length: 2 } });
  const config = JSON.parse(node.must(`ctr -n k8s.io content get ${manifest.config.digest}`));
  t.match(config, { os: 'linux', config: { Entrypoint: ['/criproxy/criproxy', 'node-installer'], User: '0' } });
});
