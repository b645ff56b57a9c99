import type { FileFacts } from '../setup/host.ts';
import { SetupError } from '../setup/setup-error.ts';
import type { Facts } from './facts.ts';
import { type Finding, fail, ok, skip, warn } from './finding.ts';
import { lookAt } from './look-at.ts';
import type { ExaminedNode } from './node.ts';

const MiB = 1024 * 1024;

/** A snapshot of a full node is some MiB, and is written beside the old one. */
const ENOUGH = 64 * MiB;
const TOO_LITTLE = 8 * MiB;

/** Each write makes a file. */
const ENOUGH_INODES = 100;

const OTHERS = 0o002;

/** Checks that the daemon, and no other user, can write the snapshots, so that its knowledge survives a restart. */
export function checkState(node: ExaminedNode, { stateDir }: Facts): Finding[] {
  const forgets =
    'after a restart the daemon does not know the pods of a runtime that is down, and lists fail until it is up';
  if (stateDir === undefined) {
    return [
      warn('state', 'the daemon has no state folder (-stateDir is empty)', forgets, 'remove -stateDir= from its flags'),
    ];
  }
  const found = lookAt(node, stateDir, 'state', stateDir, 'whether it can be written is not checked');
  if ('finding' in found) return [found.finding];
  const { facts } = found;
  if (facts === undefined) {
    return [
      warn(
        'state',
        `there is no state folder ${stateDir}`,
        'the daemon makes it when it starts, if it can',
        `install -d -m 0750 ${stateDir}`,
      ),
    ];
  }
  if (facts.kind !== 'folder') {
    return [
      fail(
        'state',
        `${stateDir} is a ${facts.kind}, and no folder`,
        forgets,
        `mv ${stateDir} ${stateDir}.old`,
        'systemctl restart criproxy',
      ),
    ];
  }
  const findings = [
    ...checkMode(stateDir, facts),
    ...checkSpace(node, stateDir, forgets),
    ...checkDamaged(node, stateDir),
  ];
  if (findings.length > 0) return findings;
  return [ok('state', `${stateDir} has room, and is root's`, 'the daemon knows the pods after a restart too')];
}

function checkMode(stateDir: string, { mode, uid }: FileFacts): Finding[] {
  const octal = mode.toString(8).padStart(4, '0');
  const means = 'a user who can write there can make the daemon report pods that do not exist';
  if ((mode & OTHERS) !== 0) {
    return [fail('state-mode', `everybody may write in ${stateDir} (${octal})`, means, `chmod 0750 ${stateDir}`)];
  }
  if (uid !== 0) return [warn('state-mode', `${stateDir} belongs to user ${uid}`, means, `chown root ${stateDir}`)];
  return [];
}

function checkSpace(node: ExaminedNode, stateDir: string, forgets: string): Finding[] {
  const { freeBytes, freeInodes, inodes } = node.space(stateDir);
  const df = `df -h ${stateDir}`;
  const findings: Finding[] = [];
  if (freeBytes < ENOUGH) {
    const what = `${(freeBytes / MiB).toFixed(0)} MiB are free for ${stateDir}`;
    const means =
      freeBytes < TOO_LITTLE
        ? `snapshots cannot be written: ${forgets}`
        : `soon snapshots cannot be written; then ${forgets}`;
    findings.push(
      (freeBytes < TOO_LITTLE ? fail : warn)('state-space', what, means, df, 'journalctl --vacuum-size=200M'),
    );
  }
  if (inodes > 0 && freeInodes < ENOUGH_INODES) {
    const means = `no file can be made: ${forgets}`;
    findings.push(fail('state-inodes', `${freeInodes} inodes are free for ${stateDir}`, means, `df -i ${stateDir}`));
  }
  return findings;
}

function checkDamaged(node: ExaminedNode, stateDir: string): Finding[] {
  try {
    const damaged = node.files.list(stateDir).filter(name => name.includes('.damaged-'));
    if (damaged.length === 0) return [];
    const what = `${stateDir} has ${damaged.length} damaged snapshots, the last ${damaged.at(-1)}`;
    const means = 'the disk, or a crash of the node, has damaged a file; the daemon has gone on without it';
    return [warn('state-damaged', what, means, 'dmesg | grep -i "error"', `rm ${stateDir}/*.damaged-*`)];
  } catch (fault) {
    if (!(fault instanceof SetupError)) throw fault;
    return [skip('state-damaged', `${stateDir} cannot be listed`, 'whether snapshots were damaged is not checked')];
  }
}
