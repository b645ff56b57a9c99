import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { ownArchitecture } from './architecture.ts';
import { nodeProgram } from './node-packages.ts';

/** The folder of pkg's caches and of the files made for them. */
export const pkgHome = join(resolve(import.meta.dirname, '..'), 'node_modules', '.cache', 'criproxy-pkg');

const { resolve: find } = createRequire(import.meta.url);

/** Resolves modules as pkg does, for the packages that it depends on. */
export const pkgRequire = createRequire(find('@yao-pkg/pkg/lib-es5/bin.js'));

export const pkgCommand = find('@yao-pkg/pkg/lib-es5/bin.js');

interface Run {
  readonly ok: boolean;
  /** All that it has printed, without colours. */
  readonly output: string;
}

/**
 * Runs pkg, or a script that uses a part of it: pkg needs Node 22, which the machine's own may not be, so it runs on the pinned one.
 * `args`: a script and its arguments.
 */
export function runPkg(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Run {
  mkdirSync(pkgHome, { recursive: true });
  const env = { ...process.env, HOME: pkgHome, NODE_OPTIONS: '', ...environment };
  const run = spawnSync(nodeProgram(ownArchitecture()), [...args], { env, encoding: 'utf8', timeout: 900_000 });
  return {
    ok: run.status === 0,
    output: stripVTControlCharacters(`${run.stdout}${run.stderr}${run.error?.message ?? ''}`),
  };
}
