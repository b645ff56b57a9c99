import type { SocketReport } from '../admin/api/socket-report.ts';
import { runtimeLabel, runtimeName } from '../base/runtime-name.ts';
import { SERVICE } from '../setup/daemon.ts';
import { findObstacles, isPassed } from '../setup/reach.ts';
import type { Facts } from './facts.ts';
import { type Finding, fail, ok, warn } from './finding.ts';
import { lookAt } from './look-at.ts';
import type { ExaminedNode } from './node.ts';

const GROUP_WRITE = 0o020;
const OTHERS_WRITE = 0o002;

/** Checks who may open the sockets, since access to one is root on the node. A missing socket is left to the check of its server. */
export function checkSockets(node: ExaminedNode, { listen, adminSocket, report, runtimes }: Facts): Finding[] {
  const admin = report?.daemon.adminSocket ?? adminSocket;
  return [
    ...checkSocket(node, 'socket-cri', "criproxy's CRI socket", listen),
    ...checkSocket(node, 'socket-admin', "criproxy's admin socket", admin),
    ...runtimes.flatMap(({ id, socket }) => {
      const check = `socket-${runtimeLabel(id)}`;
      const name = `the socket of ${runtimeName(id)}`;
      const hidden = checkReach(node, check, name, socket);
      return hidden.length > 0 ? hidden : checkSocket(node, check, name, socket);
    }),
    ...checkServed(report?.daemon.sockets ?? []),
  ];
}

/** Checks that the daemon serves the sockets of the option `sockets`. The reason has the remedy, such as a socket unit for a group. */
function checkServed(sockets: readonly SocketReport[]): Finding[] {
  return sockets
    .filter(({ served }) => !served)
    .map(({ path, reason }) =>
      warn(
        'socket-served',
        `${path} is not served: ${reason}`,
        'its clients get no answer; the kubelet is not concerned. The reload tries again',
        'criproxy reload',
      ),
    );
}

/** Checks that the daemon can reach a socket: systemd confines it, so that a path may exist for root and not for the daemon. */
function checkReach(node: ExaminedNode, check: string, name: string, path: string): Finding[] {
  const unit = node.unit(SERVICE);
  if (unit?.['LoadState'] !== 'loaded' || !node.isRoot) return [];
  const stat = (file: string) => {
    try {
      return node.stat(file);
    } catch {
      return undefined;
    }
  };
  const means = 'criproxy takes its runtime for down, even when it runs';
  return findObstacles(stat, path)
    .filter(obstacle => unit[obstacle.setting] !== undefined && !isPassed(obstacle, unit[obstacle.setting]!))
    .map(({ why, line }) =>
      fail(
        check,
        `${SERVICE} cannot reach ${name}, ${path}: ${why}`,
        `${means}; ${line} in its unit mends it`,
        'criproxy setup apply',
      ),
    );
}

function checkSocket(node: ExaminedNode, check: string, name: string, path: string): Finding[] {
  const found = lookAt(node, path, check, `${name}, ${path},`, 'the rights to open it are not checked');
  if ('finding' in found) return [found.finding];
  const { facts } = found;
  if (facts === undefined) return [];
  const { kind, mode, uid, gid } = facts;
  const octal = mode.toString(8).padStart(4, '0');
  if (kind !== 'socket') {
    const means = 'no server can listen there while it is in the way, or the path is wrong';
    return [fail(check, `${name}, ${path}, is a ${kind}`, means, `ls -ld ${path}`)];
  }
  if ((mode & OTHERS_WRITE) !== 0) {
    const means = 'every user of the node can start a privileged container through it, and so is root';
    return [fail(check, `everybody may open ${name}, ${path} (${octal})`, means, `chmod o-rwx ${path}`)];
  }
  if (uid !== 0) {
    const means = 'that user can start a privileged container through it, and so is root';
    return [warn(check, `${name}, ${path}, belongs to user ${uid}`, means, `chown root ${path}`)];
  }
  const others = gid !== 0 && (mode & GROUP_WRITE) !== 0 ? `; members of group ${gid} are as good as root` : '';
  return [ok(check, `${name}, ${path}, is root's (${octal})`, `only root may open it${others}`)];
}
