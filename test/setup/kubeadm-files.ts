export const ETC_UNIT = '/etc/systemd/system/kubelet.service';
export const LIB_UNIT = '/usr/lib/systemd/system/kubelet.service';
export const ETC_DROP_IN = '/etc/systemd/system/kubelet.service.d/10-kubeadm.conf';
export const LIB_DROP_IN = '/usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf';
export const FLAGS = '/var/lib/kubelet/kubeadm-flags.env';
export const CONFIG = '/var/lib/kubelet/config.yaml';
export const INSTANCE = '/var/lib/kubelet/instance-config.yaml';
export const DEFAULT = '/etc/default/kubelet';
export const OWN_DROP_IN = '/etc/systemd/system/kubelet.service.d/zz-criproxy.conf';

export const SOCKET = 'unix:///run/containerd/containerd.sock';

/** kubelet.service of the Debian packages. */
export function unit(command: string): string {
  return `[Unit]
Description=kubelet: The Kubernetes Node Agent
Wants=network-online.target
After=network-online.target

[Service]
ExecStart=${command}
Restart=always
StartLimitInterval=0
RestartSec=1

[Install]
WantedBy=multi-user.target
`;
}

/** 10-kubeadm.conf since Kubernetes 1.11. */
export function dropIn(kubelet: string): string {
  return `# Works with kubeadm and kubelet from v1.11 on
[Service]
Environment="KUBELET_KUBECONFIG_ARGS=--bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf --kubeconfig=/etc/kubernetes/kubelet.conf"
Environment="KUBELET_CONFIG_ARGS=--config=/var/lib/kubelet/config.yaml"
# kubeadm init and join write this one
EnvironmentFile=-/var/lib/kubelet/kubeadm-flags.env
EnvironmentFile=-/etc/default/kubelet
ExecStart=
ExecStart=${kubelet} $KUBELET_KUBECONFIG_ARGS $KUBELET_CONFIG_ARGS $KUBELET_KUBEADM_ARGS $KUBELET_EXTRA_ARGS
`;
}

/** 10-kubeadm.conf up to Kubernetes 1.10. */
export function oldDropIn(kubelet: string, extra = ''): string {
  return `[Service]
Environment="KUBELET_KUBECONFIG_ARGS=--bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf --kubeconfig=/etc/kubernetes/kubelet.conf"
Environment="KUBELET_SYSTEM_PODS_ARGS=--pod-manifest-path=/etc/kubernetes/manifests --allow-privileged=true"
Environment="KUBELET_NETWORK_ARGS=--network-plugin=cni --cni-conf-dir=/etc/cni/net.d --cni-bin-dir=/opt/cni/bin"
Environment="KUBELET_CADVISOR_ARGS=--cadvisor-port=0"
${extra}ExecStart=
ExecStart=${kubelet} $KUBELET_KUBECONFIG_ARGS $KUBELET_SYSTEM_PODS_ARGS $KUBELET_NETWORK_ARGS $KUBELET_CADVISOR_ARGS $KUBELET_EXTRA_ARGS
`;
}

export function config(...lines: string[]): string {
  return [
    'apiVersion: kubelet.config.k8s.io/v1beta1',
    'kind: KubeletConfiguration',
    'cgroupDriver: systemd',
    ...lines,
    'clusterDNS:',
    '- 10.96.0.10',
    'staticPodPath: /etc/kubernetes/manifests',
    '',
  ].join('\n');
}

export const pause = '--pod-infra-container-image=registry.k8s.io/pause:3.6';
