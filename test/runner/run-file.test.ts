import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Test, test } from 'tap';
import { renderReport } from './report.ts';
import { type FileResult, runFile } from './run-file.ts';

/** Runs a file with this body, below `import { test } from 'tap'`; the file is in a folder from which it finds the library. */
async function runBody(t: Test, body: string): Promise<FileResult> {
  const cache = join(import.meta.dirname, '../../node_modules/.cache');
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, 'run-file-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'body.test.mjs');
  writeFileSync(file, `import { test } from 'tap';\n${body}`);
  return runFile(file, 60);
}

const counts = ({ tests, passed, failed, skipped }: FileResult) => ({ tests, passed, failed, skipped });

test('tests and assertions are counted apart, nested ones too', async t => {
  const result = await runBody(
    t,
    `test('a', async t => { t.ok(1); t.equal(2, 2); await t.test('b', async t => { t.ok(3); }); });
     test('later', { skip: 'no root' }, async () => {});`,
  );
  t.same(counts(result), { tests: 2, passed: 3, failed: 0, skipped: 1 });
  t.same(result.failures, []);
});

test('a failed assertion is reported with its tests and its diagnostics', async t => {
  const result = await runBody(
    t,
    `test('a', async t => { await t.test('b', async t => { t.equal(1, 2, 'one'); }); });`,
  );
  t.same(counts(result), { tests: 2, passed: 0, failed: 1, skipped: 0 });
  t.match(result.failures[0], /^a > b > one\n {2}compare: ===\n/);
  t.match(result.failures[0], /\n {4}lineNumber: 2\n/);
  t.match(result.failures[0], /\n {4}-2\n {4}\+1\n/);
});

const ends: readonly (readonly [string, string, RegExp])[] = [
  ['throws', `test('a', async () => { throw new Error('boom'); });`, /^a > boom\n/],
  ['has no assertion', `test('a', async () => {});`, /^a\n {2}a test without an assertion\n/],
  ['is late', `test('a', { timeout: 50 }, () => new Promise(r => setTimeout(r, 2000)));`, /^a > timeout!\n/],
  [
    'leaves its process',
    `test('a', async t => { t.ok(1); console.error('bye'); process.exit(0); });`,
    /^a > test unfinished.*\nbye/s,
  ],
  [
    'kills its process',
    `test('a', async t => { t.ok(1); process.kill(process.pid, 'SIGKILL'); });`,
    /ended by SIGKILL/,
  ],
];
for (const [what, body, failure] of ends)
  test(`a test that ${what} fails its file`, async t => {
    const result = await runBody(t, body);
    t.ok(result.failed > 0);
    t.match(result.failures.join('\n'), failure);
  });

test('a process that ends with a fault fails its file, with its output', async t => {
  const result = await runBody(t, `test('a', async t => { t.ok(1); });\nconsole.error('leak');\nprocess.exitCode = 3;`);
  t.same(counts(result), { tests: 1, passed: 1, failed: 1, skipped: 0 });
  t.same(result.failures, ['the process ended by exit status 3; its stderr:\nleak\n']);
});

test('the report ends with the assertions, above them the tests and each failure', async t => {
  const fine = { file: 'x.test.ts', seconds: 1, tests: 2, passed: 3, failed: 0, skipped: 1, failures: [] };
  const bad = { file: 'y.test.ts', seconds: 2, tests: 1, passed: 0, failed: 1, skipped: 0, failures: ['a\n  at: 1\n'] };
  t.equal(
    renderReport([fine, bad], 3),
    `slowest: y.test.ts 2 s, x.test.ts 1 s

FAILED y.test.ts > a
  at: 1

3 tests in 2 files, 3 s; their assertions:
3 passed, 1 failed, 1 skipped
`,
  );
});
