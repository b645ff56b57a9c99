import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { test } from 'tap';

const settings = fileURLToPath(new URL('../../src/daemon/v8-settings.ts', import.meta.url));
const daemon = fileURLToPath(new URL('../../src/daemon/run-daemon.ts', import.meta.url));

/** Prints the MiB of the young generation after many objects stayed alive for a while, like calls in flight. */
const churn = `
  let alive = [];
  for (let i = 0; i < 3_000_000; i++) {
    alive.push({ i });
    if (alive.length === 100_000) alive = [];
  }
  const { space_size } = require('node:v8').getHeapSpaceStatistics().find(each => each.space_name === 'new_space');
  console.log(space_size / 2 ** 20);
`;

function youngGeneration(...flags: string[]): number {
  // The environment has no variables of the test runner, which loads modules of its own into every process.
  const { stdout, stderr } = spawnSync('env', ['-i', process.execPath, ...flags, '-e', churn], {
    encoding: 'utf8',
  });
  if (stdout === '') throw new Error(stderr);
  return Number(stdout);
}

test('the young generation does not grow', async t => {
  t.ok(youngGeneration() > 8, 'it would without the settings');
  t.ok(youngGeneration('--import', settings) < 4);
});

test('the daemon makes the settings before it loads anything else', async t => {
  const [first] = readFileSync(daemon, 'utf8').split('\n');
  t.equal(first, "import './v8-settings.ts';");
});
