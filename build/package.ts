import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/** All steps of the way from the sources to dist/: `npm run package [-- --release]`. Each step's script runs alone too. */
const flags = process.argv.slice(2);
const unknown = flags.find(flag => flag !== '--release');
if (unknown !== undefined)
  throw new Error(`Unknown flag ${unknown}; there is only --release, which insists on a static executable`);

const steps: readonly (readonly string[])[] = [['bundle.ts'], ['executable.ts', ...flags], ['packages.ts']];
const secondsSince = (begin: number) => `${((performance.now() - begin) / 1000).toFixed(1)} s`;
const begin = performance.now();
for (const [script, ...args] of steps) {
  const start = performance.now();
  const { status } = spawnSync(process.execPath, [join(import.meta.dirname, script!), ...args], { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
  process.stdout.write(`build/${script}  ${secondsSince(start)}\n\n`);
}
process.stdout.write(`all  ${secondsSince(begin)}\n`);
