import { SERVICE } from '../setup/daemon.ts';
import type { Facts } from './facts.ts';
import { type Finding, fail, ok, warn } from './finding.ts';
import type { ExaminedNode } from './node.ts';

const SOCKET_UNIT = 'criproxy.socket';

/** The number of restarts since the last start by hand from which the daemon has a fault. */
const MANY = 3;

/** Checks that systemd starts the daemon, from the unit on the disk. */
export function checkUnit(node: ExaminedNode, { report }: Facts): Finding[] {
  const service = node.unit(SERVICE);
  if (service === undefined) return [];
  const { ActiveState: active, LoadState: load, UnitFileState: enabled, Result: result } = service;
  if (load !== 'loaded') {
    const means = 'no service starts the daemon when the node boots, or restarts it when it ends';
    return [warn('unit', `there is no ${SERVICE} (${load})`, means, 'apt-get install criproxy')];
  }
  const findings: Finding[] = [];
  const log = 'journalctl -u criproxy -n 50 --no-pager';
  if (active === 'failed') {
    findings.push(
      fail(
        'unit',
        `${SERVICE} has failed (${result})`,
        'systemd has given up starting it',
        log,
        `systemctl restart ${SERVICE}`,
      ),
    );
  } else if (active !== 'active') {
    const means =
      report === undefined
        ? 'the daemon does not run'
        : 'systemd did not start the running daemon: after a reboot it does not run';
    findings.push(
      (report === undefined ? fail : warn)('unit', `${SERVICE} is ${active}`, means, `systemctl start ${SERVICE}`),
    );
  } else
    findings.push(
      ok('unit', `${SERVICE} is active (${enabled || 'static'})`, 'systemd starts it, and starts it again if it ends'),
    );
  if (enabled === 'disabled') {
    findings.push(
      warn(
        'unit-enabled',
        `${SERVICE} is disabled`,
        'after a reboot the kubelet has no runtime',
        `systemctl enable ${SERVICE}`,
      ),
    );
  }
  const restarts = Number(service['NRestarts'] ?? 0);
  if (restarts >= MANY) {
    const means = 'it ends by itself, again and again; each time the kubelet is without a runtime for a moment';
    findings.push(warn('unit-restarts', `systemd has restarted ${SERVICE} ${restarts} times`, means, log));
  }
  if (service['NeedDaemonReload'] === 'yes') {
    const means = 'the unit on the disk is not the one in force';
    findings.push(
      warn(
        'unit-reload',
        `${SERVICE} was changed on the disk`,
        means,
        'systemctl daemon-reload',
        `systemctl restart ${SERVICE}`,
      ),
    );
  }
  return [...findings, ...checkSocketUnit(node, active === 'active')];
}

function checkSocketUnit(node: ExaminedNode, isRunning: boolean): Finding[] {
  const socket = node.unit(SOCKET_UNIT);
  if (socket?.['LoadState'] !== 'loaded') return [];
  if (socket['ActiveState'] === 'active') {
    return [
      ok(
        'unit-socket',
        `${SOCKET_UNIT} is active`,
        'while the daemon is restarted or upgraded, calls wait and none is refused',
      ),
    ];
  }
  const again = isRunning ? [`systemctl stop ${SERVICE}`] : [];
  const means =
    'a restart or an upgrade of the daemon refuses the calls of the kubelet, which then sees its runtime down';
  return [
    warn(
      'unit-socket',
      `${SOCKET_UNIT} is ${socket['ActiveState']}`,
      means,
      ...again,
      `systemctl enable --now ${SOCKET_UNIT}`,
      `systemctl start ${SERVICE}`,
    ),
  ];
}
