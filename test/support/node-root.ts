import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findMirror } from './debian-mirror.ts';

/** The packages of the node besides Debian's essential ones. */
const packages = [
  'systemd-sysv',
  'dbus',
  'containerd',
  'runc',
  'containernetworking-plugins',
  'iptables',
  'iproute2',
  'procps',
];

/**
 * The root of a Debian 12 node, made by debootstrap (half a minute) and kept for the next run. Never written to: a node
 * has it as the lower layer of an overlay.
 */
export function makeNodeRoot(): string {
  const id = createHash('sha256').update(packages.join()).digest('hex').slice(0, 12);
  const root = join(tmpdir(), `criproxy-node-root-${id}`);
  if (existsSync(root)) return root;
  const part = mkdtempSync(`${root}-`);
  try {
    const args = ['--variant=minbase', `--include=${packages.join()}`, 'bookworm', part, findMirror()];
    execFileSync('debootstrap', args, { encoding: 'utf8', stdio: 'pipe', maxBuffer: 64 * 1024 * 1024 });
    rmSync(join(part, 'var/cache/apt'), { recursive: true });
    renameSync(part, root);
  } catch (fault) {
    rmSync(part, { recursive: true, force: true });
    if (!existsSync(root)) throw fault; // otherwise another run was faster
  }
  return root;
}
