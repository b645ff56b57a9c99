import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { RuntimeReport, StatusReport } from '../../src/admin/api/status-report.ts';
import { type ExaminedNode, openNode } from '../../src/doctor/node.ts';
import { listenOn } from '../../src/transport/sockets/socket-file.ts';
import { CONFIG, config, dropIn, LIB_DROP_IN, LIB_UNIT, unit } from '../setup/kubeadm-files.ts';

type Changeable<T> = { -readonly [Key in keyof T]: T[Key] };

export const LISTEN = '/run/criproxy.sock';
export const ADMIN = '/var/lib/criproxy/admin.sock';
export const CONTAINERD = '/run/containerd/containerd.sock';
export const VIRTLET = '/run/virtlet.sock';

/** A healthy node; a test changes one thing of it. */
export interface HealthyNode extends Changeable<ExaminedNode> {
  readonly root: string;
  readonly report: { daemon: Changeable<StatusReport['daemon']>; runtimes: Changeable<RuntimeReport>[] };
  readonly units: Record<string, Record<string, string>>;
  write(path: string, text: string): void;
  remove(): Promise<void>;
}

const active = {
  LoadState: 'loaded',
  ActiveState: 'active',
  UnitFileState: 'enabled',
  NRestarts: '0',
  NeedDaemonReload: 'no',
  MainPID: '100',
  Result: 'success',
};

function reportRuntime(id: string, socket: string): Changeable<RuntimeReport> {
  const list = { items: 3, ageSeconds: 1 };
  const conditions = ['RuntimeReady', 'NetworkReady'].map(type => ({ type, status: true, reason: '', message: '' }));
  return {
    id,
    primary: id === '',
    socket,
    state: 'up',
    seen: true,
    lost: false,
    since: '2026-01-01T00:00:00.000Z',
    notAnsweringSince: null,
    reason: null,
    name: 'containerd',
    version: 'v1.7.24',
    packages: ['runtime.v1', 'runtime.v1alpha2'],
    labels: {},
    retiring: null,
    snapshot: { pods: list, containers: list, images: list },
    calls: null,
    lastError: null,
    asked: { cgroupDriver: 'systemd', conditions },
  };
}

function reportDaemon(): StatusReport['daemon'] {
  return {
    version: '1.0.0',
    base: 'Node 24.21.0, dynamic, glibc, amd64, sea',
    pid: 100,
    startedAt: '2026-01-01T00:00:00.000Z',
    uptimeSeconds: 60,
    listen: LISTEN,
    adminSocket: ADMIN,
    metrics: null,
    stateDir: '/var/lib/criproxy',
    configFile: null,
    logLevel: 2,
    memory: { rssBytes: 1, heapBytes: 1, externalBytes: 1 },
    calls: null,
    eventLoopLag: { p50Ms: 1, p99Ms: 2, maxMs: 3 },
  };
}

/** Its files and sockets are real, below a folder; the reports of its services and its daemon are made up. Needs root. */
export async function makeHealthyNode(): Promise<HealthyNode> {
  const root = mkdtempSync(join(tmpdir(), 'criproxy-doctor-'));
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  write(LIB_UNIT, unit('/usr/bin/kubelet'));
  write(LIB_DROP_IN, dropIn('/usr/bin/kubelet'));
  write(CONFIG, config('containerRuntimeEndpoint: unix:///run/criproxy.sock'));
  write('/usr/bin/kubelet', '#!/bin/sh\necho Kubernetes v1.31.2\n');
  chmodSync(join(root, '/usr/bin/kubelet'), 0o755);
  write('/proc/sys/net/ipv4/ip_forward', '1\n');
  write('/proc/sys/net/bridge/bridge-nf-call-iptables', '1\n');
  const servers: Server[] = [];
  for (const path of [LISTEN, ADMIN, CONTAINERD, VIRTLET]) {
    mkdirSync(dirname(join(root, path)), { recursive: true, mode: 0o750 });
    const server = createServer();
    await listenOn(server, join(root, path));
    servers.push(server);
  }
  const units = {
    'kubelet.service': { ...active },
    'criproxy.service': { ...active, LogRateLimitIntervalUSec: '0', LogRateLimitBurst: '0' },
    'criproxy.socket': { ...active },
  };
  const report = {
    daemon: reportDaemon(),
    runtimes: [reportRuntime('', CONTAINERD), reportRuntime('virtlet.cloud', VIRTLET)],
  };
  return {
    ...openNode(root, ADMIN),
    isRoot: true,
    processes: () => [{ pid: 100, args: ['/usr/bin/kubelet', `--config=${CONFIG}`] }],
    connections: () => [LISTEN],
    probe: async () => ({ name: 'containerd', version: 'v1.7.24' }),
    status: async () => ({ format: 1, time: new Date().toISOString(), ...report }),
    unit: name =>
      (units as Record<string, Record<string, string>>)[name] ?? { LoadState: 'not-found', ActiveState: 'inactive' },
    root,
    report,
    faults: async () => undefined,
    units,
    write,
    async remove() {
      for (const server of servers) server.close();
      rmSync(root, { recursive: true, force: true });
    },
  };
}
