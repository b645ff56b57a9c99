import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Test, test } from 'tap';
import { ownArchitecture } from '../../build/architecture.ts';
import { describeArtefact } from '../../build/artefact.ts';
import { listDepends } from '../../build/depends.ts';
import { readElf } from '../../build/elf.ts';
import { renderMan } from '../../build/man.ts';
import { needs } from '../support/require.ts';
import { buildInto, buildPackages, repack, root, runBuild } from './built.ts';

const options = needs('packages');
const names = ['criproxy', 'criproxy-nodeps'] as const;
const own = ownArchitecture();

function field(deb: string, name: string): string {
  return execFileSync('dpkg-deb', ['-f', deb, name], { encoding: 'utf8' }).trim();
}

function listFiles(deb: string): string[] {
  const lines = execFileSync('dpkg-deb', ['-c', deb], { encoding: 'utf8' }).trim().split('\n');
  return lines.filter(line => !line.startsWith('d')).map(line => line.replace(/^.* \.\//, '/'));
}

test('the same input makes the same bytes, wherever it is built', options, async t => {
  const folders = [1, 2].map(() => mkdtempSync(join(tmpdir(), 'criproxy-build-test-')));
  const { TZ } = process.env;
  const umask = process.umask();
  t.teardown(() => {
    process.umask(umask);
    process.env['TZ'] = TZ ?? '';
    for (const folder of folders) rmSync(folder, { recursive: true });
  });
  const sums = folders.map((folder, index) => {
    // The umask and the time zone of the builder must not show.
    process.umask(index === 0 ? 0o022 : 0o077);
    process.env['TZ'] = index === 0 ? 'UTC' : 'Asia/Tokyo';
    buildInto(folder);
    return readdirSync(folder)
      .sort()
      .map(name => [name, describeArtefact(join(folder, name)).sha256]);
  });
  t.same(sums[1], sums[0]);
  t.equal(
    sums[0]?.length,
    9,
    'bundle, its inputs, executable, two packages, tar.gz, image, manifest, bill of materials',
  );
});

test('the executable prints its build', options, async t => {
  const folder = await buildPackages();
  const manifest = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'));
  const said = execFileSync(join(folder, 'criproxy'), ['-version'], { encoding: 'utf8' });
  const { version, commit } = manifest.source;
  t.equal(said, `criproxy ${version} (commit ${commit}, Node ${manifest.base.node}, dynamic, glibc, ${own}, sea)\n`);
  t.same(manifest.base, {
    node: process.versions.node,
    architecture: own,
    mode: 'sea',
    linking: 'dynamic',
    libc: 'glibc',
  });
  t.same(manifest.executable, describeArtefact(join(folder, 'criproxy')));
});

for (const given of ['--require /nowhere/agent.cjs', '--inspect=127.0.0.1:0', '--no-such-option']) {
  test(`the executable takes no ${given} from NODE_OPTIONS`, options, async t => {
    const program = join(await buildPackages(), 'criproxy');
    const run = spawnSync(program, ['-version'], { env: { NODE_OPTIONS: given }, encoding: 'utf8' });
    t.strictSame([run.status, run.stderr], [0, '']);
  });
}

test('a release build insists on a static executable', options, async t => {
  const folder = mkdtempSync(join(tmpdir(), 'criproxy-build-test-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  runBuild('bundle.ts', '--out', folder);
  const run = spawnSync(process.execPath, [join(root, 'build/executable.ts'), '--out', folder, '--release'], {
    encoding: 'utf8',
  });
  const made = existsSync(join(folder, 'criproxy'));
  t.equal(made, run.status === 0, 'it makes one, where pkg’s base can be had, or it makes none and fails');
  t.match(run.stderr || 'static', /static/);
});

for (const name of names) {
  test(`the files in ${name}`, options, async t => {
    const deb = join(await buildPackages(), `${name}.deb`);
    t.same(listFiles(deb).sort(), [
      '/usr/bin/criproxy',
      '/usr/lib/systemd/system/criproxy.service',
      '/usr/lib/systemd/system/criproxy.socket',
      '/usr/share/bash-completion/completions/criproxy',
      '/usr/share/criproxy/default',
      `/usr/share/doc/${name}/alerts.yaml`,
      `/usr/share/doc/${name}/changelog.gz`,
      `/usr/share/doc/${name}/copyright`,
      `/usr/share/doc/${name}/dashboard.json`,
      `/usr/share/doc/${name}/sbom.cdx.json`,
      `/usr/share/lintian/overrides/${name}`,
      '/usr/share/man/man8/criproxy.8.gz',
    ]);
    const other = names.find(one => one !== name);
    t.same(
      ['Conflicts', 'Replaces', 'Provides'].map(key => field(deb, key)),
      [other, other, other],
    );
    t.equal(
      /(^|, )kubelet(,|$)/.test(field(deb, 'Depends')),
      name === 'criproxy',
      'only criproxy depends on the kubelet',
    );
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    t.equal(field(deb, 'Version'), version);
    const read = `dpkg-deb --fsys-tarfile "$1" | tar -xO ./usr/share/doc/${name}/changelog.gz | zcat`;
    const changelog = execFileSync('sh', ['-c', read, '-', deb], { encoding: 'utf8' });
    t.ok(changelog.startsWith(`${name} (${version}) `), changelog);
  });
}

/** Packages of a test are not compressed. */
const uncompressed = ['uses-no-compression-for-control-tarball', 'uses-no-compression-for-data-tarball'];

function checkByLintian(t: Test, suppressed: readonly string[], debs: readonly string[]): void {
  const args = ['--allow-root', '--suppress-tags', suppressed.join(','), '--fail-on', 'error,warning', ...debs];
  const { status, stdout } = spawnSync('lintian', args, { encoding: 'utf8' });
  t.strictSame([status, stdout], [0, '']);
}

test('lintian finds no fault in the packages', options, async t => {
  const folder = await buildPackages();
  const debs = names.map(name => join(folder, `${name}.deb`));
  checkByLintian(t, uncompressed, debs);
});

test('lintian finds no fault in packages with a static program, as in a release', {
  ...options,
  ...needs('demo'),
}, async t => {
  const folder = mkdtempSync(join(tmpdir(), 'criproxy-static-test-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const built = await buildPackages();
  const debs = names.map(name => {
    const deb = join(folder, `${name}.deb`);
    repack(join(built, `${name}.deb`), deb, field(join(built, `${name}.deb`), 'Version'), tree => {
      copyFileSync('/bin/busybox', join(tree, 'usr/bin/criproxy'));
      execFileSync('sh', ['-c', 'find usr -type f | xargs md5sum > DEBIAN/md5sums'], { cwd: tree });
    });
    return deb;
  });
  // busybox has a dpkg of its own.
  checkByLintian(t, [...uncompressed, 'uses-dpkg-database-directly'], debs);
});

test('Depends covers each library, with the release that brought its newest symbol', options, async t => {
  const folder = await buildPackages();
  t.same(listDepends(readElf(join(folder, 'criproxy'))), [
    'libc6 (>= 2.28)',
    'libgcc-s1 | libgcc1',
    'libstdc++6 (>= 7)',
  ]);
  const unknown = { architecture: own, interpreter: '/lib/ld.so', needed: ['libfoo.so.1'], versions: new Map() };
  t.throws(() => listDepends(unknown), /libfoo\.so\.1/);
  t.same(
    listDepends({ architecture: own, interpreter: undefined, needed: [], versions: new Map() }),
    [],
    'a static program needs nothing',
  );
});

test('the bill of materials and the copyright file name every bundled package', options, async t => {
  const folder = await buildPackages();
  const inputs = JSON.parse(readFileSync(join(folder, 'criproxy.inputs.json'), 'utf8')) as string[];
  const bundled = new Set(inputs.flatMap(path => /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? []));
  const sbom = JSON.parse(readFileSync(join(folder, 'criproxy.cdx.json'), 'utf8'));
  const listed = sbom.components.map((part: { name: string }) => part.name);
  t.same(listed.sort(), [...bundled, 'Node.js'].sort());
  const copyright = execFileSync(
    'sh',
    [
      '-c',
      `dpkg-deb --fsys-tarfile "$1" | tar -xO ./usr/share/doc/criproxy/copyright`,
      '-',
      join(folder, 'criproxy.deb'),
    ],
    { encoding: 'utf8', maxBuffer: 1e8 },
  );
  for (const name of listed) t.match(copyright, `Comment: ${name} `);
});

for (const script of ['config', 'preinst', 'postinst', 'prerm', 'postrm']) {
  test(`debian/${script} is sh, and nothing more`, options, async t => {
    t.equal(spawnSync('dash', ['-n', join(root, 'debian', script)], { encoding: 'utf8' }).stderr, '');
  });
}

test('the man page has no faults', options, async t => {
  const input = renderMan();
  const { stderr } = spawnSync('groff', ['-man', '-ww', '-z', '-Tutf8'], { encoding: 'utf8', input });
  t.equal(stderr, '');
});
