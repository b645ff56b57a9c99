import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'tap';
import { listConnections, parseConnections } from '../../src/setup/connections.ts';
import { findRunningKubelet } from '../../src/setup/running-kubelet.ts';
import { readStatus } from '../../src/setup/setup-status.ts';
import { needs } from '../support/require.ts';
import { makeHost } from './fake-host.ts';
import { CONFIG, config } from './kubeadm-files.ts';
import { layouts } from './layouts.ts';

const listen = '/run/criproxy.sock';

test('the ends of connections, as ss shows them', async t => {
  const lines = [
    'u_str ESTAB 0      0      /run/criproxy.sock 12345                 * 12346                ',
    'u_str ESTAB 0      0                       * 12346                 * 12345',
    'u_seq ESTAB 0      0      /run/a b.sock 7 * 8',
    'u_str LISTEN 0 4096 /run/criproxy.sock 3 * 0',
    'u_dgr ESTAB 0 0 @abstract 4 * 5',
  ];
  t.same(
    [...parseConnections(lines.join('\n'))],
    [
      ['12346', '/run/criproxy.sock'],
      ['8', '/run/a b.sock'],
      ['5', '@abstract'],
    ],
  );
});

test('the peers of a process are found', needs('root'), async t => {
  const dir = mkdtempSync(join(tmpdir(), 'connections-'));
  const path = join(dir, 'x.sock');
  const server = createServer().listen(path);
  await new Promise(resolve => server.once('listening', resolve));
  t.notOk(listConnections(process.pid)!.includes(path), 'to listen is not to be connected');
  const socket = connect(path);
  await new Promise(resolve => socket.once('connect', resolve));
  t.ok(listConnections(process.pid)!.includes(path));
  socket.destroy();
  server.close();
  rmSync(dir, { recursive: true });
});

test('the kubelet is the process of that name, also below a script', async t => {
  const host = makeHost({}, 31);
  host.processes = () => [
    { pid: 1, args: ['/bin/sh', '/opt/start-kubelet'] },
    { pid: 2, args: ['/usr/bin/tee', 'kubelet'] },
    { pid: 3, args: ['/usr/bin/kubelet', '--container-runtime-endpoint=/run/x.sock'] },
  ];
  t.match(findRunningKubelet(host, 31), { pid: 3, endpoint: '/run/x.sock' });
  host.processes = () => [{ pid: 1, args: ['/usr/local/bin/k3s', 'agent'] }];
  t.match(findRunningKubelet(host, 31), { pid: 1, endpoint: undefined });
});

const modern = layouts.find(({ name }) => name.startsWith('1.31, config.yaml with a comment'))!;

interface Row {
  readonly name: string;
  readonly endpoint: string;
  readonly connections: readonly string[] | undefined;
  readonly says: object;
}

const rows: readonly Row[] = [
  {
    name: 'both use criproxy',
    endpoint: listen,
    connections: [listen],
    says: { kubelet: { usesCriproxy: true }, running: { usesCriproxy: 'yes', does: `it is connected to ${listen}` } },
  },
  {
    name: 'the files do, the kubelet does not yet',
    endpoint: listen,
    connections: ['/run/dbus/system_bus_socket', '/run/containerd/containerd.sock'],
    says: {
      kubelet: { usesCriproxy: true },
      running: { usesCriproxy: 'no', does: 'it is connected to /run/containerd/containerd.sock' },
    },
  },
  {
    name: 'the kubelet does, the files do not any more',
    endpoint: '/run/containerd/containerd.sock',
    connections: [listen],
    says: { kubelet: { usesCriproxy: false }, running: { usesCriproxy: 'yes' } },
  },
];

for (const { name, endpoint, connections, says } of rows) {
  test(`status: ${name}`, async t => {
    const host = makeHost({ ...modern.files, [CONFIG]: config(`containerRuntimeEndpoint: unix://${endpoint}`) }, 31);
    host.connections = () => connections;
    t.match(readStatus(host, listen), says);
  });
}

test('status: no kubelet runs', async t => {
  const host = makeHost(modern.files, 31);
  host.processes = () => [];
  t.equal(readStatus(host, listen).running, undefined);
});
