import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Test, test } from 'tap';
import { architectureNames, ownArchitecture } from '../../build/architecture.ts';
import { gatherRelease, listRelease } from '../../build/release.ts';

/** The results of a build for both architectures; `versions` are those of amd64 and arm64. */
function makeBuild(t: Test, ...versions: readonly [string, string]): string {
  const out = mkdtempSync(join(tmpdir(), 'criproxy-release-test-'));
  t.teardown(() => rmSync(out, { recursive: true }));
  for (const [, from] of listRelease(versions[0], true)) {
    mkdirSync(join(out, from, '..'), { recursive: true });
    writeFileSync(join(out, from), from);
  }
  for (const [index, arch] of ['amd64', 'arm64'].entries())
    writeFileSync(join(out, arch, 'manifest.json'), JSON.stringify({ source: { version: versions[index] } }));
  return out;
}

test('a release has everything for both architectures, with its sums', async t => {
  const out = makeBuild(t, '1.2.3', '1.2.3');
  t.same(
    gatherRelease(out, true).map(({ name }) => name),
    [
      ...['amd64', 'arm64'].flatMap(arch => [
        `criproxy_1.2.3_${arch}.deb`,
        `criproxy-nodeps_1.2.3_${arch}.deb`,
        `criproxy_1.2.3_linux_${arch}`,
        `criproxy_1.2.3_linux_${arch}.tar.gz`,
        `criproxy-installer_1.2.3_linux_${arch}.oci.tar`,
        `criproxy_1.2.3_linux_${arch}.cdx.json`,
        `criproxy_1.2.3_linux_${arch}_manifest.json`,
        `criproxy_1.2.3_linux_${arch}_bench.txt`,
      ]),
      'criproxy-installer-1.2.3.tgz',
      'criproxy_1.2.3_deploy.tar.gz',
    ],
  );
  const checked = execFileSync('sha256sum', ['-c', 'SHA256SUMS'], { cwd: join(out, 'release'), encoding: 'utf8' });
  t.equal(checked.trim().split('\n').length, 18);
  t.equal(readdirSync(join(out, 'release')).length, 19);
  gatherRelease(out, false);
  t.equal(readdirSync(join(out, 'release')).length, 17, 'again, without the figures of the bench');
});

test('a release that lacks a file is none', async t => {
  const out = makeBuild(t, '1.2.3', '1.2.3');
  rmSync(join(out, 'arm64/criproxy'));
  rmSync(join(out, 'amd64/criproxy_1.2.3_amd64.deb'));
  t.throws(() => gatherRelease(out, true), {
    message: 'The release lacks criproxy_1.2.3_amd64.deb, criproxy_1.2.3_linux_arm64: run npm run package',
  });
});

test('without a static executable only this machine’s architecture has an image', async t => {
  const out = makeBuild(t, '1.2.3', '1.2.3');
  const other = architectureNames.find(name => name !== ownArchitecture())!;
  const image = `criproxy-installer_1.2.3_linux_${other}.oci.tar`;
  rmSync(join(out, other, image));
  t.throws(() => gatherRelease(out, true), { message: `The release lacks ${image}: run npm run package` });
  const base = { linking: 'dynamic', architecture: other };
  writeFileSync(join(out, other, 'manifest.json'), JSON.stringify({ source: { version: '1.2.3' }, base }));
  t.equal(gatherRelease(out, true).length, 17);
});

test('a release is of one version', async t => {
  const out = makeBuild(t, '1.2.3', '1.2.4');
  t.throws(() => gatherRelease(out, true), { message: `${out} has builds of different versions: 1.2.3, 1.2.4` });
});
