import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'tap';
import { needs } from '../support/require.ts';
import { buildPackages, root } from './built.ts';

const options = needs('root', 'packages', 'demo');

/** The first words of each line that the release's check prints. */
function checkStatic(program: string): { status: number | null; lines: string[]; output: string } {
  const run = spawnSync(join(root, '.ci/check-static'), [program], { encoding: 'utf8' });
  const lines = run.stdout.split('\n').flatMap(line => /^(?:ok|fail) {2,4}[^:]+/.exec(line)?.[0] ?? []);
  return { status: run.status, lines, output: run.stdout + run.stderr };
}

test('the check of a release fails for a dynamic executable, in each of its parts', options, async t => {
  const { status, lines, output } = checkStatic(join(await buildPackages(), 'criproxy'));
  t.equal(status, 1, output);
  t.same(lines.slice(0, 3), ['fail  file', 'fail  ldd', 'fail  empty root']);
  t.ok(lines.includes('fail  serves'), output);
});

test('the check accepts a static program, and refuses one that is not criproxy', options, async t => {
  const { status, lines, output } = checkStatic('/bin/busybox');
  t.equal(status, 1, output);
  t.same(lines.slice(0, 3), ['ok    file', 'ok    ldd', 'fail  empty root']);
});
