import { CONFIG, config, dropIn, ETC_UNIT, FLAGS, LIB_DROP_IN, LIB_UNIT, SOCKET, unit } from './kubeadm-files.ts';
import type { Layout } from './layouts.ts';

/** A node that the set-up must leave alone, and words of its message. */
export interface StrangeLayout extends Omit<Layout, 'changes' | 'primary'> {
  readonly says: readonly RegExp[];
}

export const strangeLayouts: readonly StrangeLayout[] = [
  {
    name: 'ExecStart runs a shell',
    minor: 31,
    kubelet: '/usr/bin/kubelet',
    files: { [ETC_UNIT]: unit(`/bin/sh -c "exec /usr/bin/kubelet --config=${CONFIG}"`), [CONFIG]: config() },
    says: [/\/etc\/systemd\/system\/kubelet\.service/, /\/bin\/sh/],
  },
  {
    name: 'config.yaml is no YAML',
    minor: 34,
    kubelet: '/usr/bin/kubelet',
    files: { [LIB_UNIT]: unit(`/usr/bin/kubelet --config=${CONFIG}`), [CONFIG]: 'kind: [KubeletConfiguration\n' },
    says: [/config\.yaml/, /cannot be read as YAML: .*flow/i],
  },
  {
    name: 'config.yaml is something else',
    minor: 34,
    kubelet: '/usr/bin/kubelet',
    files: { [LIB_UNIT]: unit(`/usr/bin/kubelet --config=${CONFIG}`), [CONFIG]: 'kind: ClusterConfiguration\n' },
    says: [/config\.yaml/, /ClusterConfiguration/],
  },
  {
    name: 'kubeadm has not run yet',
    minor: 31,
    kubelet: '/usr/bin/kubelet',
    files: { [LIB_UNIT]: unit('/usr/bin/kubelet'), [LIB_DROP_IN]: dropIn('/usr/bin/kubelet') },
    says: [/config\.yaml/, /has not been set up/, /--cri-socket=unix:\/\/\/run\/criproxy\.sock/],
  },
  {
    name: 'images from another service than containers',
    minor: 31,
    kubelet: '/usr/bin/kubelet',
    files: {
      [LIB_UNIT]: unit('/usr/bin/kubelet'),
      [LIB_DROP_IN]: dropIn('/usr/bin/kubelet'),
      [FLAGS]: `KUBELET_KUBEADM_ARGS="--container-runtime-endpoint=${SOCKET} --image-service-endpoint=unix:///run/stargz.sock"\n`,
      [CONFIG]: config(),
    },
    says: [/kubeadm-flags\.env/, /stargz\.sock/],
  },
  {
    name: 'an endpoint that is no unix socket',
    minor: 31,
    kubelet: '/usr/bin/kubelet',
    files: {
      [LIB_UNIT]: unit(`/usr/bin/kubelet --config=${CONFIG} --container-runtime-endpoint=tcp://127.0.0.1:3735`),
      [CONFIG]: config(),
    },
    says: [/tcp:\/\/127\.0\.0\.1:3735/],
  },
  ...[19, 22].map(minor => ({
    name: `1.${minor} with docker, and no cri-dockerd`,
    minor,
    kubelet: '/usr/bin/kubelet',
    files: { [LIB_UNIT]: unit('/usr/bin/kubelet'), [LIB_DROP_IN]: dropIn('/usr/bin/kubelet'), [CONFIG]: config() },
    says: [new RegExp(`1\\.${minor}`), /dockershim/, /cri-dockerd/],
  })),
  {
    name: 'two commands in ExecStart',
    minor: 31,
    kubelet: '/usr/bin/kubelet',
    files: { [ETC_UNIT]: unit('/usr/bin/kubelet\nExecStart=/usr/bin/kubelet --v=2') },
    says: [/2 ExecStart= lines/],
  },
  {
    name: 'a specifier of systemd that only systemd knows',
    minor: 31,
    kubelet: '/usr/bin/kubelet',
    files: { [ETC_UNIT]: unit(`/usr/bin/kubelet --config=${CONFIG} --hostname-override=%q`), [CONFIG]: config() },
    says: [/%q/, /specifier/],
  },
];
