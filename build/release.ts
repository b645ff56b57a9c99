import { existsSync, linkSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type Architecture, architectureNames, ownArchitecture } from './architecture.ts';
import { type Artefact, describeArtefact, printArtefact, readManifest } from './artefact.ts';
import type { Base } from './base.ts';
import type { Version } from './version.ts';

const root = resolve(import.meta.dirname, '..');

/** A file of a release: its name there, and its path below the folder of the build's results. */
type ReleaseFile = readonly [name: string, from: string];

/** All files that users download, except the sums; `bench`: with the figures of `npm run bench`. */
export function listRelease(version: string, bench: boolean): ReleaseFile[] {
  return [
    ...architectureNames.flatMap(architecture => listArchitecture(version, architecture, bench)),
    ...[`criproxy-installer-${version}.tgz`, `criproxy_${version}_deploy.tar.gz`].map(name => [name, name] as const),
  ];
}

function listArchitecture(version: string, architecture: Architecture, bench: boolean): ReleaseFile[] {
  const debs = ['criproxy', 'criproxy-nodeps'].map(name => `${name}_${version}_${architecture}.deb`);
  const archives = [
    `criproxy_${version}_linux_${architecture}.tar.gz`,
    `criproxy-installer_${version}_linux_${architecture}.oci.tar`,
  ];
  const named: readonly (readonly [name: string, from: string])[] = [
    ...debs.map(name => [name, name] as const),
    [`criproxy_${version}_linux_${architecture}`, 'criproxy'],
    ...archives.map(name => [name, name] as const),
    [`criproxy_${version}_linux_${architecture}.cdx.json`, 'criproxy.cdx.json'],
    [`criproxy_${version}_linux_${architecture}_manifest.json`, 'manifest.json'],
    ...(bench ? [[`criproxy_${version}_linux_${architecture}_bench.txt`, 'bench.txt'] as const] : []),
  ];
  return named.map(([name, from]) => [name, join(architecture, from)]);
}

/** Gathers the files in `release` below `out`, with SHA256SUMS. Throws, and names them, if some are not there. */
export function gatherRelease(out: string, bench: boolean): Artefact[] {
  const versions = architectureNames.map(
    name => (readManifest(join(out, name)) as { source?: Version }).source?.version ?? 'none',
  );
  const [version] = versions as [string];
  if (versions.some(other => other !== version))
    throw new Error(`${out} has builds of different versions: ${versions.join(', ')}`);
  const files = listRelease(version, bench).filter(([name, from]) => !isForeignImage(out, name, from));
  const missing = files.filter(([, from]) => !existsSync(join(out, from))).map(([name]) => name);
  if (missing.length > 0) throw new Error(`The release lacks ${missing.join(', ')}: run npm run package`);
  const folder = join(out, 'release');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const [name, from] of files) linkSync(join(out, from), join(folder, name));
  const made = files.map(([name]) => describeArtefact(join(folder, name)));
  writeFileSync(join(folder, 'SHA256SUMS'), made.map(({ name, sha256 }) => `${sha256}  ${name}\n`).join(''));
  return made;
}

/**
 * An image for another architecture takes only static files from this machine: without a static executable it
 * is not made, and so is no part of the release.
 */
function isForeignImage(out: string, name: string, from: string): boolean {
  const { base } = readManifest(join(out, dirname(from))) as { base?: Base };
  return name.endsWith('.oci.tar') && base?.linking === 'dynamic' && base.architecture !== ownArchitecture();
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { out: { type: 'string', default: join(root, 'dist') }, bench: { type: 'boolean', default: false } },
  });
  for (const artefact of gatherRelease(resolve(values.out), values.bench)) printArtefact(artefact);
}
