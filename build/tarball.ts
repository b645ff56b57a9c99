import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { payload } from '../src/setup/install/payload.ts';
import { ownPlaces, packagePlaces } from '../src/setup/places.ts';
import { describeArtefact, printArtefact, readManifest, writeManifest } from './artefact.ts';
import type { Base } from './base.ts';
import { renderCompletion } from './completion.ts';
import { listNpmPackages, readNode } from './components.ts';
import { renderCopyright } from './copyright.ts';
import { renderMan } from './man.ts';
import { renderSbom } from './sbom.ts';
import { compressText, normalizeTree, readText, stageCopy, stageFiles } from './stage.ts';
import type { Version } from './version.ts';

const root = resolve(import.meta.dirname, '..');
const debian = join(root, 'debian');

/** The parts of the executable in a folder of the build's results. Throws where there is none. */
export function readBuild(out: string): { source: Version; base: Base } {
  const { source, base } = readManifest(out) as { source?: Version; base?: Base };
  if (source === undefined || base === undefined)
    throw new Error(`${out} holds no executable: run build/bundle.ts and build/executable.ts first`);
  return { source, base };
}

/** The files that `criproxy setup install` puts in place, all in one folder: see src/setup/install/payload.ts. */
export function stagePayload(out: string, folder: string): void {
  const { source, base } = readBuild(out);
  const inputs = JSON.parse(readText(out, 'criproxy.inputs.json')) as string[];
  const components = [...listNpmPackages(root, inputs), readNode(base.node)];
  const texts: Readonly<Record<string, string | Buffer>> = {
    'criproxy.service': readText(debian, 'criproxy.service').replaceAll(packagePlaces.program, ownPlaces.program),
    'criproxy.socket': readText(debian, 'criproxy.socket'),
    default: readText(debian, 'default'),
    'criproxy.8.gz': compressText(renderMan()),
    'criproxy.bash': renderCompletion(),
    copyright: renderCopyright(readText(debian, 'copyright.header'), components),
    'sbom.cdx.json': renderSbom(source, base.architecture, components),
  };
  for (const { name, mode } of payload) {
    if (name === 'criproxy') stageCopy(folder, name, join(out, 'criproxy'), mode);
    else stageFiles(folder, [{ path: name, content: texts[name]!, mode }]);
  }
  normalizeTree(folder, source.epoch);
}

/** A tar of a folder with names in order, root's, of one time: the same input gives the same bytes. gzip where `to` ends in gz. */
export function packFolder(folder: string, names: readonly string[], to: string, epoch: number): void {
  const owner = ['--owner=0', '--group=0', '--numeric-owner', '--sort=name', `--mtime=@${epoch}`, '--format=ustar'];
  const compress = to.endsWith('gz') ? ['--use-compress-program=gzip -n'] : [];
  execFileSync('tar', ['-C', folder, ...owner, ...compress, '-cf', to, ...names], { stdio: 'pipe' });
}

function main(): void {
  const { values } = parseArgs({
    options: { out: { type: 'string', default: join(root, 'dist') } },
  });
  process.umask(0o022);
  const out = resolve(values.out);
  const stage = join(out, 'stage-tarball');
  const { source, base } = readBuild(out);
  const name = `criproxy_${source.version}_linux_${base.architecture}`;
  rmSync(stage, { recursive: true, force: true });
  mkdirSync(join(stage, name), { recursive: true });
  stagePayload(out, join(stage, name));
  packFolder(stage, [name], join(out, `${name}.tar.gz`), source.epoch);
  rmSync(stage, { recursive: true });
  const artefact = describeArtefact(join(out, `${name}.tar.gz`));
  writeManifest(out, { tarball: artefact });
  printArtefact(artefact);
}

if (import.meta.main) main();
