import {
  CONFIG,
  config,
  DEFAULT,
  dropIn,
  ETC_DROP_IN,
  ETC_UNIT,
  FLAGS,
  INSTANCE,
  LIB_DROP_IN,
  LIB_UNIT,
  OWN_DROP_IN,
  oldDropIn,
  pause,
  SOCKET,
  unit,
} from './kubeadm-files.ts';

/** A node's kubelet, as some Kubernetes release and installer set it up. */
export interface Layout {
  readonly name: string;
  readonly minor: number;
  readonly kubelet: string;
  readonly files: Readonly<Record<string, string>>;
  /** The files that the set-up must change, and no others; each has a function that reads the new endpoint back. */
  readonly changes: readonly string[];
  /** The primary runtime that the kubelet used before. */
  readonly primary: string;
}

export const layouts: readonly Layout[] = [
  {
    name: '1.9, docker, drop-in with Environment= in /etc',
    minor: 9,
    kubelet: '/usr/bin/kubelet',
    files: { [LIB_UNIT]: unit('/usr/bin/kubelet'), [ETC_DROP_IN]: oldDropIn('/usr/bin/kubelet') },
    changes: [OWN_DROP_IN, '/etc/systemd/system/dockershim.service'],
    primary: '/run/dockershim.sock',
  },
  {
    name: '1.10, containerd, extra args in the drop-in in /etc',
    minor: 10,
    kubelet: '/usr/bin/kubelet',
    files: {
      [LIB_UNIT]: unit('/usr/bin/kubelet'),
      [ETC_DROP_IN]: oldDropIn(
        '/usr/bin/kubelet',
        `Environment="KUBELET_EXTRA_ARGS=--container-runtime=remote --runtime-request-timeout=15m --container-runtime-endpoint=${SOCKET}"\n`,
      ),
    },
    changes: [ETC_DROP_IN],
    primary: '/run/containerd/containerd.sock',
  },
  {
    name: '1.11, docker, kubeadm-flags.env',
    minor: 11,
    kubelet: '/usr/bin/kubelet',
    files: {
      [LIB_UNIT]: unit('/usr/bin/kubelet'),
      [ETC_DROP_IN]: dropIn('/usr/bin/kubelet'),
      [FLAGS]: 'KUBELET_KUBEADM_ARGS=--cgroup-driver=cgroupfs --cni-bin-dir=/opt/cni/bin --network-plugin=cni\n',
      [DEFAULT]: 'KUBELET_EXTRA_ARGS=\n',
      [CONFIG]: config(),
    },
    changes: [FLAGS, '/etc/systemd/system/dockershim.service'],
    primary: '/run/dockershim.sock',
  },
  {
    name: '1.20, containerd, endpoint in kubeadm-flags.env, drop-in in /usr/lib',
    minor: 20,
    kubelet: '/usr/bin/kubelet',
    files: {
      [LIB_UNIT]: unit('/usr/bin/kubelet'),
      [LIB_DROP_IN]: dropIn('/usr/bin/kubelet'),
      [FLAGS]: `KUBELET_KUBEADM_ARGS="--container-runtime=remote --container-runtime-endpoint=/run/containerd/containerd.sock ${pause}"\n`,
      [DEFAULT]: 'KUBELET_EXTRA_ARGS=\n',
      [CONFIG]: config(),
    },
    changes: [FLAGS],
    primary: '/run/containerd/containerd.sock',
  },
  {
    name: '1.20, /etc/default/kubelet beats kubeadm-flags.env',
    minor: 20,
    kubelet: '/usr/bin/kubelet',
    files: {
      [LIB_UNIT]: unit('/usr/bin/kubelet'),
      [LIB_DROP_IN]: dropIn('/usr/bin/kubelet'),
      [FLAGS]: `KUBELET_KUBEADM_ARGS="--container-runtime=remote --container-runtime-endpoint=/var/run/dockershim.sock"\n`,
      [DEFAULT]: `# local\nKUBELET_EXTRA_ARGS="--node-ip=10.0.0.5 --container-runtime-endpoint ${SOCKET} --v=2"\n`,
      [CONFIG]: config(),
    },
    changes: [DEFAULT],
    primary: '/run/containerd/containerd.sock',
  },
  {
    name: '1.24, flags.env, kubelet in /usr/local/bin, unit in /etc, no /etc/default/kubelet',
    minor: 24,
    kubelet: '/usr/local/bin/kubelet',
    files: {
      [ETC_UNIT]: unit('/usr/local/bin/kubelet'),
      [ETC_DROP_IN]: dropIn('/usr/local/bin/kubelet'),
      [FLAGS]: `KUBELET_KUBEADM_ARGS="--container-runtime-endpoint=${SOCKET} ${pause}"\n`,
      [CONFIG]: config(),
    },
    changes: [FLAGS],
    primary: '/run/containerd/containerd.sock',
  },
  {
    name: '1.24, no endpoint anywhere: the default containerd',
    minor: 24,
    kubelet: '/usr/bin/kubelet',
    files: { [LIB_UNIT]: unit('/usr/bin/kubelet'), [LIB_DROP_IN]: dropIn('/usr/bin/kubelet'), [CONFIG]: config() },
    changes: [OWN_DROP_IN],
    primary: '/run/containerd/containerd.sock',
  },
  {
    name: '1.27, flag in flags.env and an empty key in config.yaml',
    minor: 27,
    kubelet: '/usr/bin/kubelet',
    files: {
      [LIB_UNIT]: unit('/usr/bin/kubelet'),
      [ETC_DROP_IN]: dropIn('/usr/bin/kubelet'),
      [FLAGS]: `KUBELET_KUBEADM_ARGS="--container-runtime-endpoint=${SOCKET} ${pause}"\n`,
      [DEFAULT]: 'KUBELET_EXTRA_ARGS=\n',
      [CONFIG]: config('containerRuntimeEndpoint: ""'),
    },
    changes: [FLAGS],
    primary: '/run/containerd/containerd.sock',
  },
  {
    name: '1.31, custom unit with every flag in ExecStart in /etc',
    minor: 31,
    kubelet: '/usr/local/bin/kubelet',
    files: {
      [ETC_UNIT]: unit(
        `/usr/local/bin/kubelet \\\n  --config=${CONFIG} \\\n  --container-runtime-endpoint=${SOCKET} \\\n  --v=2`,
      ),
      [CONFIG]: config(),
    },
    changes: [ETC_UNIT],
    primary: '/run/containerd/containerd.sock',
  },
  {
    name: '1.31, custom unit with every flag in ExecStart in /usr/lib',
    minor: 31,
    kubelet: '/usr/bin/kubelet',
    files: {
      [LIB_UNIT]: unit(`/usr/bin/kubelet --config=${CONFIG} --container-runtime-endpoint=${SOCKET} --v=2`),
      [CONFIG]: config(),
    },
    changes: [OWN_DROP_IN],
    primary: '/run/containerd/containerd.sock',
  },
  {
    name: '1.31, config.yaml with a comment and an empty key, no flag',
    minor: 31,
    kubelet: '/usr/bin/kubelet',
    files: {
      [LIB_UNIT]: unit('/usr/bin/kubelet'),
      [LIB_DROP_IN]: dropIn('/usr/bin/kubelet'),
      [FLAGS]: `KUBELET_KUBEADM_ARGS="${pause}"\n`,
      [CONFIG]: config('containerRuntimeEndpoint: "" # the default'),
    },
    changes: [CONFIG],
    primary: '/run/containerd/containerd.sock',
  },
  {
    name: '1.34, config.yaml and instance-config.yaml',
    minor: 34,
    kubelet: '/usr/bin/kubelet',
    files: {
      [LIB_UNIT]: unit('/usr/bin/kubelet'),
      [LIB_DROP_IN]: dropIn('/usr/bin/kubelet'),
      [FLAGS]: 'KUBELET_KUBEADM_ARGS=""\n',
      [DEFAULT]: 'KUBELET_EXTRA_ARGS=\n',
      [CONFIG]: config(`containerRuntimeEndpoint: ${SOCKET}`),
      [INSTANCE]: config(`containerRuntimeEndpoint: ${SOCKET}`),
    },
    changes: [CONFIG, INSTANCE],
    primary: '/run/containerd/containerd.sock',
  },
  {
    name: '1.34, a file of --config-dir beats config.yaml',
    minor: 34,
    kubelet: '/usr/bin/kubelet',
    files: {
      [LIB_UNIT]: unit(`/usr/bin/kubelet --config=${CONFIG} --config-dir=/etc/kubernetes/kubelet.conf.d`),
      [CONFIG]: config('containerRuntimeEndpoint: unix:///run/crio/crio.sock'),
      '/etc/kubernetes/kubelet.conf.d/50-runtime.conf': config(
        `containerRuntimeEndpoint: "${SOCKET}"`,
        `imageServiceEndpoint: '${SOCKET}'`,
      ),
    },
    changes: ['/etc/kubernetes/kubelet.conf.d/50-runtime.conf'],
    primary: '/run/containerd/containerd.sock',
  },
  {
    name: '1.37, config.yaml and instance-config.yaml, flags gone',
    minor: 37,
    kubelet: '/usr/bin/kubelet',
    files: {
      [LIB_UNIT]: unit('/usr/bin/kubelet'),
      [LIB_DROP_IN]: dropIn('/usr/bin/kubelet'),
      [CONFIG]: config(`containerRuntimeEndpoint: ${SOCKET}`),
      [INSTANCE]: config(`containerRuntimeEndpoint: ${SOCKET}`),
    },
    changes: [CONFIG, INSTANCE],
    primary: '/run/containerd/containerd.sock',
  },
];
