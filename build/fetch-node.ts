import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { architectureNames, ownArchitecture } from './architecture.ts';
import { type NodePackage, nodePackage } from './node-packages.ts';

/**
 * Fetches the Node.js of another architecture, as package.json's postinstall: npm ci skips packages for other processors, and
 * has no option for more than one. npm does the download, with its cache, registry and proxy. Throws if the digest does not match.
 */
export function fetchNode({ name, version, integrity, folder }: NodePackage): void {
  if (existsSync(folder)) return;
  mkdirSync(dirname(folder), { recursive: true });
  const part = mkdtempSync(`${folder}.`);
  try {
    const args = ['pack', `${name}@${version}`, '--prefer-offline', '--silent', '--pack-destination', part];
    execFileSync('npm', args, { stdio: ['ignore', 'ignore', 'inherit'] });
    const archive = join(part, readdirSync(part)[0]!);
    const [algorithm, digest] = integrity.split(/-(.*)/s) as [string, string];
    if (createHash(algorithm).update(readFileSync(archive)).digest('base64') !== digest)
      throw new Error(`${name}@${version} from the registry is not what package-lock.json has`);
    execFileSync('tar', ['-xzf', archive, '-C', part, 'package/bin/node', 'package/LICENSE', 'package/package.json']);
    renameSync(join(part, 'package'), folder);
  } finally {
    rmSync(part, { recursive: true, force: true });
  }
}

/** npm 10 removes `.bin/node` with the package that it skips, since both have one. This puts it back. */
function linkNode(): void {
  const { name, folder } = nodePackage(ownArchitecture());
  const link = join(folder, '..', '.bin', 'node');
  if (!existsSync(link)) symlinkSync(join('..', name, 'bin', 'node'), link);
}

if (import.meta.main) {
  linkNode();
  for (const name of architectureNames) if (name !== ownArchitecture()) fetchNode(nodePackage(name));
}
