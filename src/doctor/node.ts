import { spawnSync } from 'node:child_process';
import { statfsSync } from 'node:fs';
import { join } from 'node:path';
import { askApi } from '../admin/admin-client.ts';
import type { StatusReport } from '../admin/api/status-report.ts';
import { endpointPath } from '../setup/endpoint.ts';
import type { Host } from '../setup/host.ts';
import { openMachine } from '../setup/machine.ts';

/** Of a file system; inodes are 0 of 0 where it has no fixed number of them. */
export interface Space {
  readonly freeBytes: number;
  readonly freeInodes: number;
  readonly inodes: number;
}

/** The node that is examined. Nothing here changes it. */
export interface ExaminedNode
  extends Pick<Host, 'askVersion' | 'processes' | 'kubeletUnits' | 'connections' | 'probe' | 'stat'> {
  readonly files: Pick<Host['files'], 'read' | 'list' | 'exists'>;
  readonly isRoot: boolean;
  space(path: string): Space;
  /** GET /v1/status with the runtimes' answers of now. Rejects as askAdmin. */
  status(): Promise<StatusReport>;
  /** The injected faults, in words; undefined if faults are not enabled, or the daemon does not answer. */
  faults(): Promise<readonly string[] | undefined>;
  /** Properties of a systemd unit as in `systemctl show`; undefined if systemd does not run. */
  unit(name: string): Readonly<Record<string, string>> | undefined;
}

const properties = [
  ...['LoadState', 'ActiveState', 'SubState', 'UnitFileState', 'NRestarts', 'NeedDaemonReload', 'MainPID', 'Result'],
  ...['LogRateLimitIntervalUSec', 'LogRateLimitBurst', 'WatchdogUSec', 'Environment'],
  ...['ProtectHome', 'PrivateTmp', 'CapabilityBoundingSet'],
];

/** This node; with a `root` other than `/` a copy of one: its files and sockets, without its services. */
export function openNode(root: string, adminSocket: string): ExaminedNode {
  const { files, askVersion, processes, kubeletUnits, connections, probe, stat } = openMachine(root);
  const at = (path: string) => (root === '/' ? path : join(root, path));
  return {
    files,
    askVersion,
    processes,
    kubeletUnits,
    connections,
    isRoot: process.getuid?.() === 0,
    stat,
    space: path => {
      const { bavail, bsize, ffree, files: inodes } = statfsSync(at(path));
      return { freeBytes: bavail * bsize, freeInodes: ffree, inodes };
    },
    status: () => askApi(at(adminSocket), 'GET /v1/status', { query: { ask: 'true' } }),
    faults: () => readFaults(at(adminSocket)),
    probe: (socket, ms) => probe(at(endpointPath(socket)), ms),
    unit: name => (root === '/' ? showUnit(name) : undefined),
  };
}

async function readFaults(socket: string): Promise<readonly string[] | undefined> {
  try {
    const { faults } = await askApi(socket, 'GET /v1/faults');
    return faults.map(({ text }) => text);
  } catch {
    return undefined;
  }
}

function showUnit(name: string): Record<string, string> | undefined {
  const { status, stdout } = spawnSync('systemctl', ['show', name, ...properties.flatMap(each => ['-p', each])], {
    encoding: 'utf8',
    timeout: 10_000,
  });
  if (status !== 0) return undefined;
  const lines = stdout.split('\n').filter(line => line.includes('='));
  return Object.fromEntries(lines.map(line => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
}
