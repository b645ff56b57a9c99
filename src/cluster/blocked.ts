import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { NodeAccess } from './node/access.ts';
import { HOME } from './node/release.ts';

const FILE = `${HOME}/blocked.json`;

/** A failed try. It is not made again by the same pod, whose container may be restarted meanwhile. */
export interface Blocked {
  readonly attempt: string;
  readonly why: string;
}

/** A pod's try at one configuration, as a text; another pod, or another configuration, is another try. */
export function attemptOf(pod: string, state: string, config: string | undefined): string {
  return createHash('sha256')
    .update(JSON.stringify([pod, state, config]))
    .digest('hex');
}

export function readBlocked(node: NodeAccess): Blocked | undefined {
  try {
    return JSON.parse(readFileSync(node.path(FILE), 'utf8')) as Blocked;
  } catch {
    return undefined; // none, or one that was cut off: then it is tried again
  }
}

export function writeBlocked(node: NodeAccess, blocked: Blocked): void {
  mkdirSync(dirname(node.path(FILE)), { recursive: true });
  writeFileSync(node.path(FILE), JSON.stringify(blocked));
}

export function clearBlocked(node: NodeAccess): void {
  rmSync(node.path(FILE), { force: true });
}
