import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import { type Test, test } from 'tap';
import { ignoreNodeOptions } from '../../build/classic-base.ts';
import { runFile } from '../runner/run-file.ts';
import { needs } from '../support/require.ts';
import { buildPackages, root } from './built.ts';
import { classicExecutable } from './executables.ts';

const options = needs('root', 'packages');

function makeFolder(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'criproxy-classic-test-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test('an executable of pkg’s classic mode prints its build', options, async t => {
  const said = execFileSync(await classicExecutable(), ['-version'], { encoding: 'utf8' });
  t.match(said, /^criproxy \S+ \(commit \w+, Node \d+\.\d+\.\d+, dynamic, glibc, \w+, classic\)\n$/);
});

test('its virtual file system has the sources as they are, without bytecode', options, async t => {
  const bytes = readFileSync(await classicExecutable());
  const bundle = readFileSync(join(await buildPackages(), 'criproxy.cjs'), 'utf8').replace(/^"use strict";\n?/, '');
  t.ok(bytes.includes(bundle));
});

test('the executable unpacks libraries that are loaded on demand', options, async t => {
  const file = join(makeFolder(t), 'config.yaml');
  writeFileSync(file, 'runtimes:\n  - socket: /run/containerd/containerd.sock\n');
  const run = spawnSync(await classicExecutable(), ['config', 'check', file], { encoding: 'utf8' });
  t.equal(run.status, 0, run.stderr + run.stdout);
});

test('reads are lent in it, and V8 takes its settings', options, async t => {
  const folder = makeFolder(t);
  const program = await classicExecutable();
  const script = join(folder, 'insides.cjs');
  const entryPoints = [join(import.meta.dirname, 'insides.ts')];
  await build({ entryPoints, outfile: script, bundle: true, platform: 'node', format: 'cjs' });
  // With this variable pkg's prelude runs a script in place of the program's own.
  const env = { PKG_EXECPATH: program };
  const run = spawnSync(program, [script, join(folder, 'socket')], { env, encoding: 'utf8' });
  t.strictSame(run.stderr, '');
  t.same(JSON.parse(run.stdout), { lent: true, read: 'hello', young: 1 });
});

test('the executable starts other programs, and also itself', options, async t => {
  const folder = makeFolder(t);
  const program = await classicExecutable();
  const said = join(folder, 'said');
  writeFileSync(join(folder, 'systemctl'), `#!/bin/sh\n${program} -version > ${said} 2>&1\n`, { mode: 0o755 });
  spawnSync(program, ['doctor'], { env: { PATH: `${folder}:/usr/bin:/bin` } });
  t.ok(existsSync(said), 'doctor asks systemctl');
  t.equal(readFileSync(said, 'utf8'), execFileSync(program, ['-version'], { encoding: 'utf8' }));
});

test('the executable serves in a root with nothing but its libraries, with any NODE_OPTIONS', options, async t => {
  const folder = makeFolder(t);
  const program = await classicExecutable();
  copyFileSync(program, join(folder, 'criproxy'));
  for (const [library] of execFileSync('ldd', [program], { encoding: 'utf8' }).matchAll(/\/lib\S+/g)) {
    mkdirSync(dirname(join(folder, library)), { recursive: true });
    copyFileSync(library, join(folder, library));
  }
  const run = spawnSync(join(root, '.ci/check-root'), [folder], { encoding: 'utf8' });
  t.equal(run.status, 0, run.stdout + run.stderr);
  t.same(
    run.stdout.split('\n').map(line => line.replace(/:.*/, '')),
    [
      'ok    NODE_OPTIONS=--require /nowhere/agent.cjs',
      'ok    NODE_OPTIONS=--inspect=127.0.0.1',
      'ok    NODE_OPTIONS=--no-such-option',
      'ok    serves',
      'ok    exit status',
      '',
    ],
  );
});

test('every CRI method, streams and signals through it', options, async t => {
  process.env['CRIPROXY_BIN'] = await classicExecutable();
  t.teardown(() => delete process.env['CRIPROXY_BIN']);
  for (const file of [
    'test/conformance/matrix/methods.test.ts',
    'test/conformance/matrix/streams.test.ts',
    'test/conformance/matrix/restarts.test.ts',
    'test/daemon/process-name.slow.test.ts',
    'test/daemon/signals.slow.test.ts',
    'test/systemd/daemon.slow.test.ts',
    'test/app/metrics/metrics.slow.test.ts',
  ]) {
    const { passed, failed, failures } = await runFile(file);
    t.ok(passed > 0, `${file}: ${passed} assertions`);
    t.equal(failed, 0, failures.join('\n'));
  }
});

test('NODE_OPTIONS is not looked for where a linker has joined it with a message', async t => {
  const text = (...parts: string[]) => Buffer.from(parts.join(''), 'latin1');
  const message = text('x\0 is not allowed in NODE_OPTIONS\0y');
  t.same(ignoreNodeOptions(message), text('x\0 is not allowed in =ODE_OPTIONS\0y'));
  const [own, v8] = ['\0NODE_OPTIONS\0', 'env\0\x0c\0\0\0NODE_OPTIONS\0\0'];
  t.same(ignoreNodeOptions(text(own, v8)), text('\0=ODE_OPTIONS\0', v8), 'strings of scripts stay');
  t.throws(() => ignoreNodeOptions(text(v8)), /has no NODE_OPTIONS/);
});
