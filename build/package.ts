import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { architectureNames, readArchitecture } from './architecture.ts';

const USAGE = 'npm run package [-- --release] [--arch amd64|arm64]';

/**
 * Runs all steps from the sources to dist/. Each architecture has a folder; dist/release has the files that users download.
 * `--release` insists on static executables. Each step's script also runs alone.
 */
function main(): void {
  const { values } = parseArgs({
    options: { release: { type: 'boolean', default: false }, arch: { type: 'string', multiple: true } },
  });
  const wanted = values.arch?.map(readArchitecture) ?? architectureNames;
  const dist = join(resolve(import.meta.dirname, '..'), 'dist');
  const begin = performance.now();
  rmSync(dist, { recursive: true, force: true });
  for (const architecture of wanted) {
    const out = ['--out', join(dist, architecture)];
    runStep('bundle.ts', ...out);
    runStep('executable.ts', ...out, '--arch', architecture, ...(values.release ? ['--release'] : []));
    runStep('packages.ts', ...out);
    runStep('tarball.ts', ...out);
    runStep('oci-image.ts', ...out);
  }
  runStep('deploy-archives.ts', '--out', dist);
  if (wanted.length === architectureNames.length) runStep('release.ts', '--out', dist);
  process.stdout.write(`all  ${secondsSince(begin)}\n`);
}

function runStep(script: string, ...args: readonly string[]): void {
  const start = performance.now();
  const { status } = spawnSync(process.execPath, [join(import.meta.dirname, script), ...args], { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
  process.stdout.write(`build/${script}  ${secondsSince(start)}\n\n`);
}

function secondsSince(begin: number): string {
  return `${((performance.now() - begin) / 1000).toFixed(1)} s`;
}

try {
  main();
} catch (fault) {
  process.stderr.write(`${(fault as Error).message}\n${USAGE}\n`);
  process.exitCode = 2;
}
