import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type Architecture, architectures } from './architecture.ts';
import { describeArtefact, printArtefact, readManifest, writeManifest } from './artefact.ts';
import type { Base } from './base.ts';
import { releasesOf } from './changelog.ts';
import { renderCompletion } from './completion.ts';
import { listNpmPackages, readNode } from './components.ts';
import { renderCopyright } from './copyright.ts';
import { DebCompressor, packXz } from './deb.ts';
import { renderDebianChangelog } from './debian-changelog.ts';
import { listDepends } from './depends.ts';
import { readElf } from './elf.ts';
import { renderMan } from './man.ts';
import { renderSbom } from './sbom.ts';
import { compressText, listTree, normalizeTree, readText, type StagedFile, stageCopy, stageFiles } from './stage.ts';
import type { Version } from './version.ts';

const root = resolve(import.meta.dirname, '..');
const debian = join(root, 'debian');
const names = ['criproxy', 'criproxy-nodeps'] as const;
type Name = (typeof names)[number];

const PROGRAM = 'usr/bin/criproxy';

const scripts = ['preinst', 'postinst', 'prerm', 'postrm'] as const;

interface Build {
  readonly out: string;
  readonly source: Version;
  readonly architecture: Architecture;
  readonly depends: readonly string[];
  readonly copyright: string;
  readonly sbom: string;
  /** Undefined: the packages are not compressed. */
  readonly compressor: DebCompressor | undefined;
}

function findNodeDeb(): string {
  return join(createRequire(import.meta.url).resolve('node-deb/package.json'), '..', 'node-deb');
}

function readOverrides(name: Name): string {
  const own = join(debian, `${name}.lintian-overrides`);
  const all = readText(debian, 'lintian-overrides').replaceAll('{{ package }}', name);
  return existsSync(own) ? all + readText(own) : all;
}

function readChangelog(name: Name, { version, epoch }: Version): string {
  const maintainer = /^Maintainer: (.*)$/m.exec(readText(debian, `${name}.control`))?.[1];
  if (maintainer === undefined) throw new Error(`debian/${name}.control has no Maintainer`);
  const releases = releasesOf(readText(root, 'CHANGELOG.md'), version);
  return renderDebianChangelog(releases, { source: name, maintainer, epoch });
}

/** Everything in a package but the program, which is too big to be copied about. */
function listFiles(name: Name, build: Build): StagedFile[] {
  const doc = `usr/share/doc/${name}`;
  return [
    { path: 'DEBIAN/config', content: readText(debian, 'config'), mode: 0o755 },
    { path: 'DEBIAN/templates', content: readText(debian, 'templates') },
    { path: 'DEBIAN/triggers', content: readText(debian, 'triggers') },
    ...['criproxy.service', 'criproxy.socket'].map(unit => ({
      path: `usr/lib/systemd/system/${unit}`,
      content: readText(debian, unit),
    })),
    { path: 'usr/share/criproxy/default', content: readText(debian, 'default') },
    { path: 'usr/share/bash-completion/completions/criproxy', content: renderCompletion() },
    { path: 'usr/share/man/man8/criproxy.8.gz', content: compressText(renderMan()) },
    { path: `${doc}/changelog.gz`, content: compressText(readChangelog(name, build.source)) },
    { path: `${doc}/copyright`, content: build.copyright },
    { path: `${doc}/sbom.cdx.json`, content: build.sbom },
    ...['dashboard.json', 'alerts.yaml'].map(file => ({
      path: `${doc}/${file}`,
      content: readText(join(root, 'docs', 'operate'), file),
    })),
    {
      path: `usr/share/lintian/overrides/${name}`,
      content: readOverrides(name),
    },
  ];
}

/**
 * Lets node-deb make a package's tree from debian/, and returns its path. node-deb also builds a package from the tree, without the
 * program and with files that nothing needs: that package is deleted.
 */
function layOut(name: Name, stage: string, build: Build): string {
  rmSync(stage, { recursive: true, force: true });
  const config = {
    name: 'criproxy',
    version: build.source.version,
    description: 'see debian/',
    node_deb: {
      architecture: build.architecture,
      maintainer: 'see debian/',
      dependencies: build.depends.join(', '),
      init: 'none',
      install_strategy: 'copy',
      entrypoints: { cli: 'package.json' },
      extra_files: 'files',
      output_deb_name: 'discarded.deb',
      templates: {
        control: join(debian, `${name}.control`),
        ...Object.fromEntries(scripts.map(script => [script, join(debian, script)])),
      },
    },
  };
  stageFiles(stage, [{ path: 'package.json', content: JSON.stringify(config) }]);
  stageFiles(join(stage, 'files'), listFiles(name, build));
  const args = ['--no-delete-temp', '--no-default-package-dependencies', '--', 'package.json'];
  const run = spawnSync('bash', [findNodeDeb(), ...args], { cwd: stage, encoding: 'utf8' });
  const tree = join(stage, `criproxy_${build.source.version}_${build.architecture}`);
  if (run.status !== 0 || !existsSync(tree)) throw new Error(`node-deb failed:\n${run.stdout}${run.stderr}`);
  return tree;
}

/** Turns node-deb's tree into ours: without its wrapper and package.json, with the program and right sums and sizes. */
function finish(tree: string, build: Build): void {
  for (const path of ['usr/share/criproxy/app', 'usr/share/criproxy/bin', PROGRAM, 'etc', 'DEBIAN/conffiles'])
    rmSync(join(tree, path), { recursive: true });
  stageCopy(tree, PROGRAM, join(build.out, 'criproxy'), 0o755);
  const paths = listTree(tree).filter(path => path !== 'DEBIAN' && !path.startsWith('DEBIAN/'));
  const files = paths.filter(path => statSync(join(tree, path)).isFile());
  const sum = (path: string) =>
    createHash('md5')
      .update(readFileSync(join(tree, path)))
      .digest('hex');
  // As dpkg-gencontrol counts: kibibytes of each file rounded up, and one for anything else.
  const size = paths.reduce(
    (all, path) => all + (files.includes(path) ? Math.ceil(statSync(join(tree, path)).size / 1024) : 1),
    0,
  );
  stageFiles(tree, [
    { path: 'DEBIAN/md5sums', content: files.map(path => `${sum(path)}  ${path}\n`).join('') },
    {
      path: 'DEBIAN/control',
      content: readText(tree, 'DEBIAN/control').replace(/^Priority:/m, `Installed-Size: ${size}\nPriority:`),
    },
  ]);
  normalizeTree(tree, build.source.epoch);
}

function makePackage(name: Name, build: Build): string {
  const stage = join(build.out, 'stage', name);
  const base = name === 'criproxy' ? ['kubelet', 'debconf (>= 0.5) | debconf-2.0'] : [];
  const tree = layOut(name, stage, { ...build, depends: [...build.depends, ...base] });
  finish(tree, build);
  const deb = join(build.out, `${name}_${build.source.version}_${build.architecture}.deb`);
  const env = { ...process.env, SOURCE_DATE_EPOCH: String(build.source.epoch), LC_ALL: 'C' };
  execFileSync('dpkg-deb', ['--root-owner-group', '-Znone', '--build', tree, deb], { env, stdio: 'pipe' });
  build.compressor?.compress(deb);
  rmSync(stage, { recursive: true });
  return deb;
}

function main(): void {
  const { values } = parseArgs({
    options: { out: { type: 'string', default: join(root, 'dist') }, fast: { type: 'boolean', default: false } },
  });
  process.umask(0o022); // dpkg-deb refuses the modes of a stricter umask
  const out = resolve(values.out);
  const manifest = readManifest(out) as { source?: Version; base?: Base };
  if (manifest.source === undefined || manifest.base === undefined)
    throw new Error(`${out} holds no executable: run build/bundle.ts and build/executable.ts first`);
  const inputs = JSON.parse(readText(out, 'criproxy.inputs.json')) as string[];
  const components = [...listNpmPackages(root, inputs), readNode(manifest.base.node)];
  const { architecture } = manifest.base;
  const build: Build = {
    out,
    source: manifest.source,
    architecture,
    depends: listDepends(readElf(join(out, 'criproxy'))),
    copyright: renderCopyright(readText(debian, 'copyright.header'), components),
    sbom: renderSbom(manifest.source, architecture, components),
    compressor: values.fast
      ? undefined
      : new DebCompressor(`./${PROGRAM}`, packXz(architectures[architecture].xzFilter)),
  };
  mkdirSync(join(out, 'stage'), { recursive: true });
  stageFiles(out, [{ path: 'criproxy.cdx.json', content: build.sbom }]);
  const made = names.map(name => describeArtefact(makePackage(name, build)));
  rmSync(join(out, 'stage'), { recursive: true });
  writeManifest(out, { packages: made, sbom: describeArtefact(join(out, 'criproxy.cdx.json')) });
  for (const artefact of made) printArtefact(artefact);
}

if (import.meta.main) main();
