import { chmodSync, chownSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'tap';
import { AdminUnreachable } from '../../src/admin/admin-client.ts';
import { CONFIG, config } from '../setup/kubeadm-files.ts';
import { needs } from '../support/require.ts';
import { checkRows, type Row } from './expect-findings.ts';
import { ADMIN, LISTEN, VIRTLET } from './healthy-node.ts';

const MiB = 1024 * 1024;

const rows: readonly Row[] = [
  [
    'the primary is down',
    node =>
      Object.assign(node.report.runtimes[0]!, {
        state: 'down',
        reason: 'nothing listens',
        packages: [],
        asked: { cgroupDriver: null, conditions: null },
      }),
    [
      /^fail daemon-cri: CRI is not answered on \/run\/criproxy\.sock: the primary runtime is down \| criproxy status$/,
      /^fail runtime-primary: the primary runtime is down since 2026-01-01T00:00:00\.000Z: nothing listens \| systemctl restart containerd$/,
    ],
  ],
  [
    'another is down',
    node =>
      Object.assign(node.report.runtimes[1]!, {
        state: 'down',
        reason: 'nothing listens',
        packages: [],
        asked: { cgroupDriver: null, conditions: null },
      }),
    [/^fail runtime-virtlet\.cloud: runtime virtlet\.cloud is down .* \| ls -l \/run\/virtlet\.sock$/],
  ],
  [
    'another is there and was never up',
    node =>
      Object.assign(node.report.runtimes[1]!, {
        state: 'down',
        reason: 'nothing listens',
        snapshot: { pods: null, containers: null, images: null },
      }),
    [/^fail runtime-virtlet\.cloud: runtime virtlet\.cloud is down .*nothing listens \| ls -l/],
  ],
  [
    'what another had is lost',
    node =>
      Object.assign(node.report.runtimes[1]!, {
        state: 'down',
        lost: true,
        reason: 'nothing listens',
        snapshot: { pods: null, containers: null, images: null },
      }),
    [/^fail runtime-virtlet\.cloud: runtime virtlet\.cloud is down .*its pods are not known any more \| ls -l/],
  ],
  [
    'another was never there',
    node =>
      Object.assign(node.report.runtimes[1]!, {
        state: 'down',
        seen: false,
        reason: 'there is no socket',
        snapshot: { pods: null, containers: null, images: null },
      }),
    [],
  ],
  [
    'the primary was never there',
    node => {
      Object.assign(node.report.runtimes[0]!, { state: 'down', seen: false, reason: 'there is no socket' });
      node.probe = async () => ({ name: 'containerd', version: 'v1.7.24' });
    },
    [/^fail daemon-cri: /, /^fail runtime-primary: the primary runtime is down since .*there is no socket/],
  ],
  [
    'images that a pod has and its successor would not',
    node => {
      Object.assign(node.report.runtimes[1]!, { socket: '/run/cri-dockerd.sock' });
      Object.assign(node.report.runtimes[1]!, {
        soleImages: { only: ['local/app:1', 'old:1'], missing: [{ runtime: '', names: ['local/app:1'] }] },
      });
    },
    [
      /^warn images-virtlet\.cloud: .* that the primary runtime has not: local\/app:1 \| docker save local\/app:1 \| ctr -a \/run\/containerd\/containerd\.sock -n k8s\.io images import -$/,
    ],
  ],
  [
    'no network',
    node =>
      Object.assign(node.report.runtimes[0]!, {
        asked: {
          cgroupDriver: 'systemd',
          conditions: [
            {
              type: 'NetworkReady',
              status: false,
              reason: 'NetworkPluginNotReady',
              message: 'cni config uninitialized',
            },
          ],
        },
      }),
    [/^fail runtime-primary-ready: .*NetworkReady: cni config uninitialized \| ls -l \/etc\/cni\/net\.d/],
  ],
  [
    'a runtime that does not answer Status',
    node => Object.assign(node.report.runtimes[1]!, { asked: { cgroupDriver: 'systemd', conditions: null } }),
    [/^warn runtime-virtlet\.cloud-ready: runtime virtlet\.cloud does not answer Status/],
  ],
  [
    'lists that are old',
    node =>
      Object.assign(node.report.runtimes[1]!, {
        snapshot: { pods: { items: 1, ageSeconds: 90 }, containers: { items: 1, ageSeconds: 1 }, images: null },
      }),
    [/^warn runtime-virtlet\.cloud-lists: .* for 90 s/],
  ],
  [
    'a runtime without v1',
    node => Object.assign(node.report.runtimes[1]!, { packages: ['runtime.v1alpha2'] }),
    [/^warn runtime-virtlet\.cloud-version: .* serves runtime\.v1alpha2, and not runtime\.v1/],
  ],
  [
    'cgroup drivers differ',
    node => Object.assign(node.report.runtimes[1]!.asked!, { cgroupDriver: 'cgroupfs' }),
    [/^fail cgroup-driver: runtime virtlet\.cloud uses the cgroup driver cgroupfs, and the primary runtime systemd/],
  ],
  [
    'an old kubelet with another cgroup driver',
    node => {
      node.write('/usr/bin/kubelet', '#!/bin/sh\necho Kubernetes v1.28.2\n');
      node.write(
        CONFIG,
        config('containerRuntimeEndpoint: unix:///run/criproxy.sock').replace(/^cgroupDriver.*\n/m, ''),
      );
    },
    [
      /^fail cgroup-driver: the primary runtime uses the cgroup driver systemd, and the kubelet \(its default\) cgroupfs/,
      /^fail cgroup-driver: runtime virtlet\.cloud uses the cgroup driver systemd/,
    ],
  ],
  [
    'a kubelet that must be told the cgroup driver',
    node => {
      node.write('/usr/bin/kubelet', '#!/bin/sh\necho Kubernetes v1.37.0\n');
      for (const { asked } of node.report.runtimes) Object.assign(asked!, { cgroupDriver: null });
    },
    [/^fail cgroup-driver-unknown: /],
  ],
  [
    'a socket for everybody',
    node => chmodSync(join(node.root, LISTEN), 0o666),
    [/^fail socket-cri: everybody may open .*\/run\/criproxy\.sock \(0666\) \| chmod o-rwx \/run\/criproxy\.sock$/],
  ],
  [
    "a runtime's socket of another user",
    node => chownSync(join(node.root, VIRTLET), 1234, 0),
    [/^warn socket-virtlet\.cloud: .* belongs to user 1234 \| chown root/],
  ],
  [
    'a file in the place of a socket',
    node => {
      rmSync(join(node.root, ADMIN));
      writeFileSync(join(node.root, ADMIN), '');
    },
    [/^fail socket-admin: .*\/admin\.sock, is a file \| ls -ld/],
  ],
  [
    'no state folder',
    node => {
      node.report.daemon.stateDir = null;
    },
    [/^warn state: the daemon has no state folder/],
  ],
  [
    'the state folder is not there',
    node => {
      node.report.daemon.stateDir = '/var/lib/none';
    },
    [/^warn state: there is no state folder \/var\/lib\/none \| install -d -m 0750 \/var\/lib\/none$/],
  ],
  [
    'the state folder is a file',
    node => {
      node.write('/var/lib/file', '');
      node.report.daemon.stateDir = '/var/lib/file';
    },
    [/^fail state: \/var\/lib\/file is a file/],
  ],
  [
    'a state folder for everybody',
    node => chmodSync(join(node.root, '/var/lib/criproxy'), 0o777),
    [/^fail state-mode: everybody may write in \/var\/lib\/criproxy \(0777\) \| chmod 0750/],
  ],
  [
    'a state folder of another user',
    node => chownSync(join(node.root, '/var/lib/criproxy'), 1234, 0),
    [/^warn state-mode: .* belongs to user 1234/],
  ],
  [
    'little room',
    node => {
      node.space = () => ({ freeBytes: 20 * MiB, freeInodes: 1000, inodes: 2000 });
    },
    [/^warn state-space: 20 MiB are free for \/var\/lib\/criproxy \| df -h/],
  ],
  [
    'no room and no inodes',
    node => {
      node.space = () => ({ freeBytes: MiB, freeInodes: 3, inodes: 2000 });
    },
    [/^fail state-space: 1 MiB/, /^fail state-inodes: 3 inodes are free .* \| df -i/],
  ],
  [
    'a file system without a number of inodes',
    node => {
      node.space = () => ({ freeBytes: 200 * MiB, freeInodes: 0, inodes: 0 });
    },
    [],
  ],
  [
    'damaged snapshots',
    node => node.write('/var/lib/criproxy/primary.snapshot.damaged-20260101T000000000Z', 'x'),
    [/^warn state-damaged: .* has 1 damaged snapshots, the last primary\.snapshot\.damaged-/],
  ],
  [
    'a talkative log that journald cuts',
    node => {
      node.report.daemon.logLevel = 3;
      Object.assign(node.units['criproxy.service']!, { LogRateLimitIntervalUSec: '30s', LogRateLimitBurst: '10000' });
    },
    [
      /^warn journal: the log level is 3, and journald takes 10000 lines of criproxy\.service in 30s \| criproxy log-level 2$/,
    ],
  ],
  [
    'a quiet log that journald would cut',
    node => {
      Object.assign(node.units['criproxy.service']!, { LogRateLimitIntervalUSec: '30s', LogRateLimitBurst: '10000' });
    },
    [],
  ],
  [
    'a socket in a home folder, which the unit hides',
    node => {
      Object.assign(node.units['criproxy.service']!, { ProtectHome: 'yes' });
      node.report.runtimes[1]!.socket = '/home/x/x.sock';
    },
    [
      /^fail socket-virtlet\.cloud: criproxy\.service cannot reach the socket of runtime virtlet\.cloud, \/home\/x\/x\.sock: it is in a home folder, which ProtectHome= hides \| criproxy setup apply$/,
    ],
  ],
  [
    'a socket in a home folder, which the unit shows',
    node => {
      Object.assign(node.units['criproxy.service']!, { ProtectHome: 'read-only' });
      node.report.runtimes[1]!.socket = '/home/x/x.sock';
    },
    [],
  ],
  [
    'a socket that is open to its user alone',
    node => {
      Object.assign(node.units['criproxy.service']!, { CapabilityBoundingSet: '' });
      const { stat } = node;
      node.stat = path => {
        const facts = stat(path);
        return facts && path.endsWith('virtlet.sock') ? { ...facts, mode: 0o600, uid: 7, gid: 7 } : facts;
      };
    },
    [
      /^fail socket-virtlet\.cloud: .*virtlet\.sock is open to user 7 alone, and root has no CAP_DAC_OVERRIDE .* \| criproxy setup apply$/,
    ],
  ],
  [
    'no forwarding',
    node => node.write('/proc/sys/net/ipv4/ip_forward', '0\n'),
    [/^warn sysctl-net\.ipv4\.ip_forward: net\.ipv4\.ip_forward is 0 \| sysctl -w net\.ipv4\.ip_forward=1$/],
  ],
  [
    'bridges past iptables',
    node => node.write('/proc/sys/net/bridge/bridge-nf-call-iptables', '0\n'),
    [/^warn sysctl-net\.bridge\.bridge-nf-call-iptables: .* is 0/],
  ],
  ['no br_netfilter', node => rmSync(join(node.root, '/proc/sys/net/bridge'), { recursive: true }), []],
  [
    'another user than root',
    node => {
      node.isRoot = false;
      node.status = () => Promise.reject(new AdminUnreachable('no permission to open /admin.sock; run this as root'));
      node.probe = () => Promise.reject(Object.assign(new Error('connect EACCES'), { code: 'EACCES' }));
      node.stat = path => {
        throw new Error(`EACCES: ${path}`);
      };
    },
    [
      /^skip daemon: no permission to open/,
      /^skip daemon-cri: no permission to open \/run\/criproxy\.sock/,
      /^skip socket-cri: /,
      /^skip socket-admin: /,
      /^skip state: /,
    ],
  ],
];

test('a healthy node with one thing wrong: runtimes, sockets, disk, kernel', needs('root'), t => checkRows(t, rows));
