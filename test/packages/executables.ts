import { copyFileSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
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
    copyFileSync(join(packages, 'criproxy.cjs'), join(part, 'criproxy.cjs'));
    await make(part);
    if (!existsSync(folder)) renameSync(part, folder);
    return folder;
  } finally {
    rmSync(part, { recursive: true, force: true });
  }
}

/** The executable for arm64, and a script that runs it on any machine: its path. */
export async function emulatedArm64(): Promise<string> {
  const folder = await makeOnce('arm64', part => {
    runBuild('executable.ts', '--out', part, '--arch', 'arm64', '--base', 'sea');
    const run = 'exec qemu-aarch64 -L /usr/aarch64-linux-gnu "$(dirname "$0")/criproxy" "$@"';
    writeFileSync(join(part, 'emulated'), `#!/bin/sh\n${run}\n`, { mode: 0o755 });
  });
  return join(folder, 'emulated');
}

/** An executable of pkg's classic mode, made by the build as it makes a release, of the local base. */
export async function classicExecutable(): Promise<string> {
  const folder = await makeOnce('classic', async part => {
    const work = join(part, 'base');
    mkdirSync(work);
    const base = await makeLocalBase(work);
    runBuildWith({ PKG_NODE_PATH: base }, 'executable.ts', '--out', part, '--base', 'classic');
    rmSync(work, { recursive: true });
  });
  return join(folder, 'criproxy');
}
