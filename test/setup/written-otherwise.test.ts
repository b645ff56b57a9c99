// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the variables are systemd’s
import { test } from 'tap';
import { applySetup } from '../../src/setup/apply.ts';
import { revertSetup } from '../../src/setup/revert.ts';
import { makeHost } from './fake-host.ts';
import {
  CONFIG,
  config,
  dropIn,
  ETC_DROP_IN,
  ETC_UNIT,
  FLAGS,
  LIB_UNIT,
  OWN_DROP_IN,
  SOCKET,
  unit,
} from './kubeadm-files.ts';
import { endpointOf, listen, applyOptions as options, revertOptions } from './set-up.ts';

interface Row {
  readonly name: string;
  readonly minor: number;
  readonly files: Readonly<Record<string, string>>;
  readonly changes: readonly string[];
  readonly primary?: string;
}

const FOLDER = '/etc/kubernetes/kubelet.conf.d';
const crio = 'unix:///run/crio/crio.sock';

/** Files in unusual notation: the reading of the kubelet and of systemd counts. */
const rows: readonly Row[] = [
  {
    name: 'an RPM’s /etc/sysconfig/kubelet with the flag',
    minor: 31,
    files: {
      [LIB_UNIT]: unit('/usr/bin/kubelet $KUBELET_EXTRA_ARGS').replace(
        '[Service]',
        '[Service]\nEnvironmentFile=-/etc/sysconfig/kubelet',
      ),
      '/etc/sysconfig/kubelet': `KUBELET_EXTRA_ARGS='--v=2 --container-runtime-endpoint=${SOCKET}'`,
    },
    changes: ['/etc/sysconfig/kubelet'],
  },
  {
    name: 'kubeadm-flags.env with CRLF, and a later variable that beats it',
    minor: 31,
    files: {
      [LIB_UNIT]: unit('/usr/bin/kubelet'),
      [ETC_DROP_IN]: dropIn('/usr/bin/kubelet'),
      [FLAGS]: `# kubeadm\r\nKUBELET_KUBEADM_ARGS="--container-runtime-endpoint=${SOCKET} --v=2"\r\n`,
      [CONFIG]: config(),
    },
    changes: [FLAGS],
  },
  {
    name: 'a flag with an underscore, and its value apart',
    minor: 31,
    files: { [ETC_UNIT]: unit(`/usr/bin/kubelet --container_runtime_endpoint ${SOCKET} --v=2`) },
    changes: [ETC_UNIT],
  },
  {
    name: 'a flag that is put together from a variable',
    minor: 31,
    files: {
      [ETC_UNIT]: unit('/usr/bin/kubelet --container-runtime-endpoint=unix://${RUNTIME}').replace(
        '[Service]',
        '[Service]\nEnvironment=RUNTIME=/run/containerd/containerd.sock',
      ),
    },
    changes: [OWN_DROP_IN],
  },
  {
    name: 'specifiers of systemd',
    minor: 31,
    files: {
      [ETC_UNIT]: unit(`/usr/bin/kubelet --hostname-override=%H --config=%S/kubelet/config.yaml`),
      '/etc/hostname': 'node-1\n',
      [CONFIG]: config(`containerRuntimeEndpoint: ${SOCKET}`),
    },
    changes: [CONFIG],
  },
  {
    name: 'a configuration by a relative path',
    minor: 31,
    files: {
      [ETC_UNIT]: unit('/usr/bin/kubelet --config=config.yaml').replace(
        '[Service]',
        '[Service]\nWorkingDirectory=/var/lib/kubelet',
      ),
      [CONFIG]: config(),
    },
    changes: [CONFIG],
  },
  {
    name: 'a configuration in JSON, without the key',
    minor: 31,
    files: {
      [ETC_UNIT]: unit(`/usr/bin/kubelet --config=${CONFIG}`),
      [CONFIG]: '{\n\t"kind": "KubeletConfiguration",\n\t"apiVersion": "kubelet.config.k8s.io/v1beta1"\n}',
    },
    changes: [CONFIG],
  },
  {
    name: 'a key that a kubelet 1.26 does not know, and leaves out',
    minor: 26,
    files: {
      [LIB_UNIT]: unit('/usr/bin/kubelet'),
      [ETC_DROP_IN]: dropIn('/usr/bin/kubelet'),
      [FLAGS]: 'KUBELET_KUBEADM_ARGS=\n',
      [CONFIG]: config(`containerRuntimeEndpoint: ${crio}`),
    },
    changes: [FLAGS],
  },
  {
    name: 'an empty value in --config-dir, which puts the default back',
    minor: 31,
    files: {
      [ETC_UNIT]: unit(`/usr/bin/kubelet --config=${CONFIG} --config-dir=${FOLDER}`),
      [CONFIG]: config(`containerRuntimeEndpoint: ${crio}`),
      [`${FOLDER}/10-a.conf`]: config('containerRuntimeEndpoint: ""'),
      [`${FOLDER}/20-b.conf`]: config(),
      [`${FOLDER}/30-c.yaml`]: config(`containerRuntimeEndpoint: ${crio}`),
    },
    changes: [`${FOLDER}/10-a.conf`],
  },
  {
    name: 'a file in a folder below --config-dir',
    minor: 31,
    files: {
      [ETC_UNIT]: unit(`/usr/bin/kubelet --config=${CONFIG} --config-dir=${FOLDER}`),
      [CONFIG]: config(),
      [`${FOLDER}/10-a.conf`]: config(`containerRuntimeEndpoint: ${SOCKET}`),
      [`${FOLDER}/20-more/x.conf`]: config(`containerRuntimeEndpoint: ${crio}`),
    },
    changes: [`${FOLDER}/20-more/x.conf`],
    primary: '/run/crio/crio.sock',
  },
  {
    name: 'an anchor that both endpoints share',
    minor: 31,
    files: {
      [ETC_UNIT]: unit(`/usr/bin/kubelet --config=${CONFIG}`),
      [CONFIG]: config(`containerRuntimeEndpoint: &runtime ${SOCKET}`, 'imageServiceEndpoint: *runtime'),
    },
    changes: [CONFIG],
  },
];

for (const { name, minor, files, changes, primary = '/run/containerd/containerd.sock' } of rows) {
  test(name, async t => {
    const host = makeHost(files, minor);
    const { left } = await applySetup(host, options);
    t.equal(left, undefined);
    t.equal(endpointOf(host), `unix://${listen}`);
    t.match(host.content.get('/etc/criproxy/runtimes.env'), `CRIPROXY_CONNECT=${primary}\n`);
    const changed = [...host.content.keys()].filter(path => files[path] !== host.content.get(path));
    t.same(changed.filter(path => !/criproxy\/|criproxy\.service\.d/.test(path)).sort(), changes);
    t.same((await applySetup(host, options)).done, []);
    await revertSetup(host, revertOptions);
    for (const path of changes) t.equal(host.content.get(path), files[path], 'put back byte by byte');
  });
}
