import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'tap';
import { AdminUnreachable } from '../../src/admin/admin-client.ts';
import { examineNode } from '../../src/doctor/examine.ts';
import { CONFIG, config, DEFAULT, LIB_UNIT, unit } from '../setup/kubeadm-files.ts';
import { needs } from '../support/require.ts';
import { checkRows, type Row } from './expect-findings.ts';
import { ADMIN, CONTAINERD, makeHealthyNode, VIRTLET } from './healthy-node.ts';

const rows: readonly Row[] = [
  [
    'systemd takes no messages of the daemon',
    node =>
      Object.assign(node.units['criproxy.service']!, {
        Environment: 'A=b CRIPROXY_WATCHDOG_SEC=60',
        WatchdogUSec: '0',
      }),
    [/^warn daemon-watchdog: systemd does not watch the daemon \| journalctl/],
  ],
  [
    'the daemon is watched',
    node =>
      Object.assign(node.units['criproxy.service']!, { Environment: 'CRIPROXY_WATCHDOG_SEC=60', WatchdogUSec: '1min' }),
    [],
  ],
  [
    'the daemon is not to be watched',
    node => Object.assign(node.units['criproxy.service']!, { Environment: '', WatchdogUSec: '0' }),
    [],
  ],
  ['nothing', () => {}, []],
  [
    'a socket for agents is not served',
    node => {
      const one = { allow: ['read'], redact: false, namespaces: null, rate: null, connections: 0 };
      const counts = { calls: 0, denied: 0, limited: 0 };
      node.report.daemon.sockets = [
        { path: '/run/a.sock', served: true, reason: null, ...one, ...counts },
        { path: '/run/b.sock', served: false, reason: 'let a socket unit make it', ...one, ...counts },
      ];
    },
    [/^warn socket-served: \/run\/b\.sock is not served: let a socket unit make it \| criproxy reload$/],
  ],
  [
    'the kubelet has another endpoint',
    node => {
      node.write(CONFIG, config('containerRuntimeEndpoint: unix:///run/containerd/containerd.sock'));
      node.connections = () => [CONTAINERD];
    },
    [
      /^fail kubelet-endpoint: .* uses unix:\/\/\/run\/containerd\/containerd\.sock, and not \/run\/criproxy\.sock .*config\.yaml\) \| criproxy setup apply$/,
    ],
  ],
  [
    'the kubelet has its default endpoint',
    node => {
      node.write(CONFIG, config());
      node.connections = () => [CONTAINERD];
    },
    [/^fail kubelet-endpoint: .* has no runtime endpoint.* \| criproxy setup apply$/],
  ],
  [
    'a flag beats the file',
    node => {
      node.write(DEFAULT, 'KUBELET_EXTRA_ARGS=--container-runtime-endpoint=unix:///run/crio/crio.sock\n');
      node.connections = () => ['/run/crio/crio.sock'];
    },
    [
      /^fail kubelet-endpoint: .* uses unix:\/\/\/run\/crio\/crio\.sock.*\(\/etc\/default\/kubelet \(KUBELET_EXTRA_ARGS\)\)/,
    ],
  ],
  [
    'images from elsewhere',
    node => node.write(DEFAULT, `KUBELET_EXTRA_ARGS=--image-service-endpoint=unix://${CONTAINERD}\n`),
    [/^fail kubelet-images: .*containerd\.sock .*KUBELET_EXTRA_ARGS.* \| criproxy setup apply$/],
  ],
  [
    'the kubelet was not restarted',
    node => {
      node.connections = () => ['/run/dbus/system_bus_socket', CONTAINERD];
    },
    [/^fail kubelet-running: .*\(pid 100\): it is connected to \/run\/containerd\/containerd\.sock \| /],
  ],
  [
    'the kubelet was not restarted, and its connections cannot be told',
    node => {
      node.connections = () => undefined;
      node.processes = () => [{ pid: 7, args: ['/usr/bin/kubelet', `--container-runtime-endpoint=${CONTAINERD}`] }];
    },
    [/^fail kubelet-running: .*\(pid 7\): its arguments and files name \/run\/containerd\/containerd\.sock \| /],
  ],
  [
    'the kubelet lost its runtime',
    node => {
      node.connections = () => [];
    },
    [/^fail kubelet-running: .*it is connected to no runtime \| systemctl status criproxy\.socket/],
  ],
  [
    'the files were changed, and the kubelet has not seen it yet',
    node => node.write(CONFIG, config(`containerRuntimeEndpoint: unix://${CONTAINERD}`)),
    [
      /^fail kubelet-endpoint: /,
      /^warn kubelet-running: .*connected to \/run\/criproxy\.sock \| criproxy setup apply$/,
    ],
  ],
  [
    'nothing can be told of the kubelet that runs',
    node => {
      node.processes = () => [];
    },
    [/^skip kubelet-running: .*cannot be listed/],
  ],
  [
    'a flag that this kubelet does not know',
    node => node.write(DEFAULT, 'KUBELET_EXTRA_ARGS=--container-runtime=remote\n'),
    [/^fail kubelet-flags: .*1\.31\) does not know --container-runtime, .*default\/kubelet \(KUBELET_EXTRA_ARGS\) \| /],
  ],
  [
    'the kubelet has failed',
    node => {
      node.units['kubelet.service']!['ActiveState'] = 'failed';
    },
    [/^warn kubelet-running: kubelet\.service is failed \| journalctl -u kubelet/],
  ],
  ['no kubelet', node => rmSync(join(node.root, LIB_UNIT)), [/^warn kubelet-endpoint: there is no kubelet\.service/]],
  [
    'a kubelet in a script',
    node => {
      node.processes = () => [];
      node.write(LIB_UNIT, unit('/opt/start-kubelet'));
      rmSync(join(node.root, '/usr/lib/systemd/system/kubelet.service.d'), { recursive: true });
    },
    [/^warn kubelet-endpoint: the kubelet is not understood: .*start-kubelet/],
  ],
  [
    'the daemon is not there',
    node => {
      node.status = () => Promise.reject(new AdminUnreachable('nothing listens on /admin.sock'));
      node.probe = () => Promise.reject(new Error('connect ECONNREFUSED /run/criproxy.sock'));
      node.units['criproxy.service']!['ActiveState'] = 'inactive';
    },
    [
      /^fail daemon: nothing listens on \/admin\.sock \| systemctl start criproxy\.service$/,
      /^fail daemon-cri: CRI is not answered on \/run\/criproxy\.sock: connect ECONNREFUSED/,
      /^fail unit: criproxy\.service is inactive \| systemctl start criproxy\.service$/,
    ],
  ],
  [
    'the daemon was upgraded without a restart',
    node => {
      node.report.daemon.version = '0.9.0';
    },
    [/^warn daemon-version: criproxy 1\.0\.0 is installed, but 0\.9\.0 runs \| systemctl restart criproxy\.service$/],
  ],
  [
    'the event loop is late',
    node => {
      node.report.daemon.eventLoopLag = { p50Ms: 20, p99Ms: 250, maxMs: 900 };
    },
    [/^warn daemon-lag: the event loop is 250 ms late/],
  ],
  [
    'faults in force',
    node => {
      node.faults = async () => ['ListContainers of every runtime: delay 1s'];
    },
    [/^warn daemon-faults: faults are injected: ListContainers .*delay 1s \| criproxy faults clear$/],
  ],
  [
    'faults that could be',
    node => {
      node.faults = async () => [];
    },
    [/^warn daemon-faults: the daemon runs with -enableFaults/],
  ],
  [
    'the unit has failed',
    node => {
      Object.assign(node.units['criproxy.service']!, { ActiveState: 'failed', Result: 'exit-code' });
    },
    [/^fail unit: criproxy\.service has failed \(exit-code\) \| journalctl -u criproxy/],
  ],
  [
    'no unit',
    node => {
      delete node.units['criproxy.service'];
    },
    [/^warn unit: there is no criproxy\.service/],
  ],
  [
    'the unit is disabled',
    node => {
      node.units['criproxy.service']!['UnitFileState'] = 'disabled';
    },
    [/^warn unit-enabled: .* \| systemctl enable criproxy\.service$/],
  ],
  [
    'many restarts',
    node => {
      node.units['criproxy.service']!['NRestarts'] = '7';
    },
    [/^warn unit-restarts: systemd has restarted criproxy\.service 7 times/],
  ],
  [
    'a changed unit',
    node => {
      node.units['criproxy.service']!['NeedDaemonReload'] = 'yes';
    },
    [/^warn unit-reload: .* \| systemctl daemon-reload$/],
  ],
  [
    'the socket unit is off',
    node => {
      node.units['criproxy.socket']!['ActiveState'] = 'inactive';
    },
    [/^warn unit-socket: criproxy\.socket is inactive \| systemctl stop criproxy\.service$/],
  ],
];

test('a healthy node with one thing wrong: kubelet, daemon, units', needs('root'), t => checkRows(t, rows));

test('the runtimes of a daemon that does not answer are read from its unit', needs('root'), async t => {
  const node = await makeHealthyNode();
  t.teardown(() => node.remove());
  node.status = () => Promise.reject(new AdminUnreachable('nothing listens'));
  node.write(
    '/usr/lib/systemd/system/criproxy.service',
    '[Service]\nEnvironmentFile=-/etc/default/criproxy\nExecStart=/usr/bin/criproxy -connect $CRIPROXY_CONNECT -listen /run/criproxy.sock\n',
  );
  node.write('/etc/default/criproxy', `CRIPROXY_CONNECT=${CONTAINERD},virtlet.cloud:unix://${VIRTLET}\n`);
  const findings = await examineNode(node, ADMIN, '1.0.0');
  const sockets = findings
    .filter(({ check }) => check.startsWith('socket-'))
    .map(({ check, severity }) => [check, severity]);
  t.same(sockets, [
    ['socket-cri', 'ok'],
    ['socket-admin', 'ok'],
    ['socket-primary', 'ok'],
    ['socket-virtlet.cloud', 'ok'],
  ]);
});

test('doctor names the Node.js of the program and of the daemon', needs('root'), async t => {
  const node = await makeHealthyNode();
  t.teardown(() => node.remove());
  const said = (await examineNode(node, ADMIN, '1.0.0')).map(({ what }) => what);
  t.ok(said.includes(`this is criproxy 1.0.0 (Node ${process.versions.node}, scripts)`));
  t.ok(
    said.some(what => /^the daemon runs: criproxy \S+ \(Node 24\.21\.0, dynamic, glibc, amd64, sea\), pid /.test(what)),
  );
});
