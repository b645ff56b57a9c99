import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'tap';
import { connect } from '../support/cri-client.ts';
import { scrape } from '../support/exposition.ts';
import { startFakeRuntime } from '../support/fake-runtime.ts';
import { startProxy } from '../support/proxy.ts';
import { TEST_LIMIT } from '../support/require.ts';
import { readPage, root } from './markdown.ts';

const diffs = readPage('docs/extending.md').fences.filter(({ language }) => language === 'diff');

/** The tree with every diff of the page. */
function extendedTree(): string {
  const copy = mkdtempSync(join(tmpdir(), 'criproxy-extending-'));
  for (const part of ['src', 'test', 'build', 'docs', 'debian', 'package.json', 'tsconfig.json', 'biome.json'])
    cpSync(join(root, part), join(copy, part), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  // The tree is in no repository, so that git resolves the paths from here.
  const env = { ...process.env, GIT_CEILING_DIRECTORIES: tmpdir() };
  for (const { text } of diffs)
    execFileSync('git', ['apply', '--whitespace=nowarn', '-'], { cwd: copy, input: text, env, stdio: 'pipe' });
  return copy;
}

test('the additions of the page work', { timeout: TEST_LIMIT }, async t => {
  t.equal(diffs.length, 5);
  const copy = extendedTree();
  t.teardown(() => rmSync(copy, { recursive: true }));
  const bin = join(copy, 'criproxy');
  writeFileSync(bin, `#!/bin/sh\nexec ${process.execPath} ${join(copy, 'src/main.ts')} "$@"\n`);
  chmodSync(bin, 0o755);
  const run = (...args: string[]) => spawnSync(bin, args, { encoding: 'utf8' });

  await t.test('the types are right', async t => {
    const { stdout, status } = spawnSync(join(root, 'node_modules/.bin/tsc'), ['--noEmit'], {
      cwd: copy,
      encoding: 'utf8',
    });
    t.strictSame([stdout, status], ['', 0]);
  });

  process.env['CRIPROXY_BIN'] = bin;
  t.teardown(() => delete process.env['CRIPROXY_BIN']);
  const runtime = await startFakeRuntime({ socketPath: join(copy, 'runtime.sock') });
  t.teardown(() => runtime.stop());
  const admin = join(copy, 'admin.sock');
  const flags = ['-node', 'test', '-adminSocket', admin, '-enableFaults'];
  const proxy = await startProxy({ connect: runtime.socketPath, flags });
  t.teardown(() => proxy.remove());

  await t.test('the option', async t => {
    t.match(proxy.log(), /starts, pid \d+ on a test node/);
    t.match(run('-help').stdout, /-node .*\n +the kind of this node/);
    t.match(run('-node', 'other'), { status: 2, stderr: /-node.*"other"/ });
    t.match(run('config', 'show', '-node', 'production').stdout, /node: production/);
  });

  await t.test('the metric', async t => {
    t.ok((await scrape(admin)).sum('process_threads') >= 1);
  });

  await t.test('the subcommand', async t => {
    t.match(run('pid', '--help').stdout, /Print the process id of the running daemon/);
    t.match(run('pid', '--admin-socket', admin), { status: 0, stdout: /^[1-9]\d*\n$/ });
    t.match(run('pid', '--admin-socket', join(copy, 'nowhere.sock')), { status: 1 });
  });

  await t.test('the fault', async t => {
    const added = run('faults', 'add', '--refuse', '--method', 'PodSandboxStatus', '--admin-socket', admin);
    t.equal(added.status, 0, added.stderr);
    const shown = run('faults', 'show', '--admin-socket', admin).stdout;
    t.match(shown, /PodSandboxStatus of all runtimes: is refused, as by a runtime that is not there/);
    const client = connect(proxy.socketPath);
    const outcome = await client.ask('PodSandboxStatus', { pod_sandbox_id: 'p' }, { deadline: 60_000 });
    client.close();
    t.match(outcome, { code: 14, details: 'criproxy: an injected fault has refused the call' });
  });

  await t.test('the layout', async t => {
    const args = ['test/setup/distributions.test.ts'];
    const { stdout, status } = spawnSync(process.execPath, args, { cwd: copy, encoding: 'utf8' });
    t.match(stdout, /^ok \d+ - Harbour/m);
    t.equal(status, 0);
  });
});
