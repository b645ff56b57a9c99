import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'tap';
import { runFile } from '../runner/run-file.ts';
import { runContainer, runPod } from '../support/pods.ts';
import { needs } from '../support/require.ts';
import { startTwoRuntimes } from '../support/two-runtimes.ts';
import { buildArm64 } from './executables.ts';

const options = needs('root', 'demo', 'registry', 'packages', 'emulation');
const demo = fileURLToPath(new URL('../demo/main.ts', import.meta.url));

/** Makes this executable the proxy that tests of this process start from here on. */
async function useArm64(): Promise<string> {
  const program = join(await buildArm64(), 'emulated');
  process.env['CRIPROXY_BIN'] = program;
  return program;
}

test('the executable of arm64 prints its build', options, async t => {
  const said = execFileSync(await useArm64(), ['-version'], { encoding: 'utf8' });
  t.match(said, /^criproxy \S+ \(commit \w+, Node \d+\.\d+\.\d+, dynamic, glibc, arm64, sea\)\n$/);
});

test('the packages of arm64 say so, and lintian has nothing to say of them', options, async t => {
  const folder = await buildArm64();
  const debs = readdirSync(folder).filter(name => name.endsWith('.deb'));
  t.same(debs.map(name => name.replace(/_.*_/, ' ')).sort(), ['criproxy arm64.deb', 'criproxy-nodeps arm64.deb']);
  for (const deb of debs) {
    const field = (name: string) => execFileSync('dpkg-deb', ['-f', join(folder, deb), name], { encoding: 'utf8' });
    t.equal(field('Architecture'), 'arm64\n');
    t.match(field('Depends'), 'libc6 (>= 2.28), libgcc-s1 | libgcc1, libstdc++6 (>= 7)');
  }
  // Packages of a test are not compressed.
  const suppressed = 'uses-no-compression-for-control-tarball,uses-no-compression-for-data-tarball';
  const args = ['--allow-root', '--suppress-tags', suppressed, '--fail-on', 'error,warning', ...debs];
  const { status, stdout } = spawnSync('lintian', args, { cwd: folder, encoding: 'utf8' });
  t.strictSame([status, stdout], [0, '']);
});

test('the demo on the executable of arm64', options, async t => {
  await useArm64();
  const { status, stdout } = spawnSync(process.execPath, [demo], { encoding: 'utf8' });
  t.equal(status, 0, stdout);
  t.match(stdout, /^[0-9a-f]{8} {7}pod-1 +hello +primary .* running$/m);
  t.match(stdout, /^alt__[0-9a-f]{8} {2}pod-2 +hello +alt .* running$/m);
  t.match(stdout, /hello from alt, at 10\.88\./, 'the log of a container that a real containerd runs');
});

test('the executable of arm64 is killed, and started again, before two containerd', options, async t => {
  await useArm64();
  const lab = await startTwoRuntimes();
  t.teardown(() => lab.stop());
  const { client, proxy } = lab;
  t.match(proxy.log(), / criproxy \S+ \(commit \w+, Node [\d.]+, dynamic, glibc, arm64, sea\) starts, pid \d+\n/);
  t.match(await client.call('Version'), { runtime_name: 'containerd' });
  const containers: string[] = [];
  for (const side of lab.sides) {
    const pod = await runPod(client, side);
    containers.push(await runContainer(client, side, pod, { command: ['sleep', '1000'] }));
  }
  await proxy.stop('SIGKILL');
  await proxy.start();
  const listed = (await client.call('ListContainers')).containers.map(({ id }: { id: string }) => id);
  t.same(listed.sort(), [...containers].sort(), 'both are there');
  for (const container_id of containers) {
    const { stdout } = await client.call('ExecSync', { container_id, cmd: ['echo', 'well'] });
    t.equal(String(stdout), 'well\n', container_id);
  }
  t.equal(await proxy.stop(), 0, 'it ends by itself when it is asked to');
});

test('every CRI method through the executable of arm64', options, async t => {
  await useArm64();
  const { passed, failed, failures } = await runFile('test/conformance/matrix/methods.test.ts');
  t.ok(passed > 1000, `${passed} assertions`);
  t.equal(failed, 0, failures.join('\n'));
});
