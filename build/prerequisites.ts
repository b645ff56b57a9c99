import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { missingPackages, type PackageGroup, packageGroups } from './debian-packages.ts';

/** The reason why the packages could not be installed, with the remedy; its message is for a person. */
export class PrerequisiteError extends Error {}

/**
 * Installs the Debian packages of the groups that are missing, reporting each step in a line. Rejects with a
 * PrerequisiteError when this machine or user cannot do that.
 */
export async function installPackages(groups: readonly PackageGroup[], report: (line: string) => void): Promise<void> {
  const missing = missingPackages(...groups);
  if (missing.length === 0) return;
  const names = missing.join(' ');
  if (!existsSync('/usr/bin/apt-get'))
    throw new PrerequisiteError(`missing: ${names} (names of Debian packages), and there is no apt-get here`);
  if (process.getuid?.() !== 0) {
    throw new PrerequisiteError(
      `missing Debian packages; install them as root with\n  apt-get update && apt-get install -y --no-install-recommends ${names}`,
    );
  }
  const restore = forbidServiceStarts();
  try {
    report(`apt-get update`);
    await runApt(['update']);
    report(`apt-get install ${names}`);
    await runApt(['install', '-y', '--no-install-recommends', ...missing]);
  } finally {
    restore();
  }
  const still = missingPackages(...groups);
  if (still.length > 0) throw new PrerequisiteError(`installed, but still not there: ${still.join(' ')}`);
}

/**
 * Keeps the packages from starting their services (invoke-rc.d(8): 101 is "forbidden"): a containerd of the machine's own
 * is not wanted here. Returns a function that removes the rule again; an existing rule stays.
 */
function forbidServiceStarts(): () => void {
  const rule = '/usr/sbin/policy-rc.d';
  if (existsSync(rule)) return () => undefined;
  writeFileSync(rule, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  const remove = () => rmSync(rule, { force: true });
  const removeAndEnd = () => {
    remove();
    process.exit(1);
  };
  process.once('SIGINT', removeAndEnd).once('SIGTERM', removeAndEnd);
  return () => {
    process.off('SIGINT', removeAndEnd).off('SIGTERM', removeAndEnd);
    remove();
  };
}

async function runApt(args: readonly string[]): Promise<void> {
  const child = spawn('apt-get', ['-o', 'DPkg::Lock::Timeout=300', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', text => {
      output += text;
    });
  }
  const [code] = await once(child, 'close');
  if (code === 0) return;
  const lastLines = output.trimEnd().split('\n').slice(-5).join('\n  ');
  throw new PrerequisiteError(`apt-get ${args.join(' ')} failed (${code}):\n  ${lastLines}`);
}

if (import.meta.main) {
  const groups = process.argv.slice(2);
  const unknown = groups.find(group => !(group in packageGroups));
  if (unknown !== undefined) {
    process.stderr.write(`prerequisites: no group ${unknown}; there are ${Object.keys(packageGroups).join(', ')}\n`);
    process.exit(2);
  }
  try {
    await installPackages(groups as PackageGroup[], line => process.stdout.write(`prerequisites: ${line}\n`));
  } catch (error) {
    if (!(error instanceof PrerequisiteError)) throw error;
    process.stderr.write(`prerequisites: ${error.message}\n`);
    process.exit(1);
  }
}
