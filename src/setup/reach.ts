import { dirname } from 'node:path';
import type { Host } from './host.ts';

/** The setting of criproxy.service that keeps the daemon from a socket, and the line of the unit that lets it through. */
export interface Obstacle {
  readonly setting: 'ProtectHome' | 'PrivateTmp' | 'CapabilityBoundingSet';
  readonly line: string;
  readonly why: string;
}

const places: readonly (readonly [folder: RegExp, obstacle: Obstacle])[] = [
  [
    /^\/(home|root|run\/user)\//,
    {
      setting: 'ProtectHome',
      line: 'ProtectHome=read-only', // a socket can be connected to where nothing can be written
      why: 'it is in a home folder, which ProtectHome= hides',
    },
  ],
  [
    /^\/(var\/)?tmp\//,
    {
      setting: 'PrivateTmp',
      line: 'PrivateTmp=no',
      why: 'it is in a folder for temporary files, which PrivateTmp= hides',
    },
  ],
];

const SEARCH = 0o1;
const WRITE = 0o2;

/** Whether root without capabilities has a permission: root is an owner, a member of the group, or another user, like every user. */
function isAllowed({ mode, uid, gid }: { mode: number; uid: number; gid: number }, permission: number): boolean {
  const shift = uid === 0 ? 6 : gid === 0 ? 3 : 0;
  return ((mode >> shift) & permission) !== 0;
}

function listFolders(path: string): string[] {
  const folder = dirname(path);
  return folder === '/' ? ['/'] : [...listFolders(folder), folder];
}

/** The obstacles to a socket. A missing socket has no obstacles but those of its folder. */
export function findObstacles(stat: Host['stat'], socket: string): Obstacle[] {
  const facts = stat(socket);
  const path = facts?.path ?? socket;
  const found = places.filter(([folder]) => folder.test(path)).map(([, obstacle]) => obstacle);
  if (facts === undefined) return found;
  const closed = listFolders(path).find(folder => !isAllowed(stat(folder) ?? facts, SEARCH));
  const owned = closed === undefined && !isAllowed(facts, WRITE) ? path : closed;
  if (owned === undefined) return found;
  const why = `${owned} is open to user ${stat(owned)?.uid} alone, and root has no CAP_DAC_OVERRIDE (CapabilityBoundingSet=)`;
  return [...found, { setting: 'CapabilityBoundingSet', line: 'CapabilityBoundingSet=CAP_DAC_OVERRIDE', why }];
}

/** Whether a unit's property, as `systemctl show` has it, lets the daemon past an obstacle. */
export function isPassed({ setting }: Obstacle, value: string): boolean {
  if (setting === 'CapabilityBoundingSet') return /\bcap_dac_override\b/i.test(value);
  return value === 'no' || (setting === 'ProtectHome' && value === 'read-only');
}
