import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildPackages, runBuild, runBuildWith } from './built.ts';
import { makeLocalBase } from './classic-base.ts';

const folders = new Map<string, Promise<string>>();

/** Makes a program in a folder beside the packages of the same sources, once. Returns the folder. */
function makeOnce(name: string, make: (part: string) => void | Promise<void>): Promise<string> {
  const folder = folders.get(name) ?? makeFolder(name, make);
  folders.set(name, folder);
  return folder;
}

async function makeFolder(name: string, make: (part: string) => void | Promise<void>): Promise<string> {
  const packages = await buildPackages();
  const folder = join(packages, name);
  if (existsSync(folder)) return folder;
  const part = mkdtempSync(`${folder}-`);
  try {
    await make(part);
    if (!existsSync(folder)) renameSync(part, folder);
    return folder;
  } finally {
    rmSync(part, { recursive: true, force: true });
  }
}

/** The results of a build for arm64, with uncompressed packages; `emulated` is a script that runs the executable on any machine. */
export function buildArm64(): Promise<string> {
  return makeOnce('arm64', part => {
    runBuild('bundle.ts', '--out', part);
    runBuild('executable.ts', '--out', part, '--arch', 'arm64', '--base', 'sea');
    runBuild('packages.ts', '--out', part, '--fast');
    const run = 'exec qemu-aarch64 -L /usr/aarch64-linux-gnu "$(dirname "$0")/criproxy" "$@"';
    writeFileSync(join(part, 'emulated'), `#!/bin/sh\n${run}\n`, { mode: 0o755 });
  });
}

/** An executable of pkg's classic mode, built from the local base by the steps of a release. */
export async function classicExecutable(): Promise<string> {
  const folder = await makeOnce('classic', async part => {
    const work = join(part, 'base');
    mkdirSync(work);
    const base = await makeLocalBase(work);
    runBuild('bundle.ts', '--out', part);
    runBuildWith({ PKG_NODE_PATH: base }, 'executable.ts', '--out', part, '--base', 'classic');
    rmSync(work, { recursive: true });
  });
  return join(folder, 'criproxy');
}
