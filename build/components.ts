import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ownArchitecture } from './architecture.ts';
import { nodePackage } from './node-packages.ts';

/** A part of the executable that others wrote: an npm package, or Node.js. `text` is its licence in full. */
export interface Component {
  readonly name: string;
  readonly version: string;
  readonly licence: string;
  readonly text: string;
  readonly purl: string;
}

function readComponent(folder: string, as: (name: string, version: string) => string): Component {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<
    string,
    string
  >;
  const files = readdirSync(folder).filter(file => /^(licen[cs]e|copying|notice)/i.test(file));
  if (name === undefined || version === undefined || license === undefined || files.length === 0)
    throw new Error(`${folder} names no licence, or has no text of it`);
  const text = files
    .sort()
    .map(file => readFileSync(join(folder, file), 'utf8').trim())
    .join('\n\n');
  return { name, version, licence: license, text, purl: as(name, version) };
}

/** The npm packages among a bundle's inputs (paths relative to `root`), by name and version. */
export function listNpmPackages(root: string, inputs: readonly string[]): Component[] {
  const folders = new Set(inputs.flatMap(input => /^.*node_modules\/(@[^/]+\/)?[^/]+(?=\/)/.exec(input)?.[0] ?? []));
  return [...folders]
    .sort()
    .map(folder =>
      readComponent(join(root, folder), (name, version) => `pkg:npm/${name.replace('@', '%40')}@${version}`),
    );
}

/** Node.js itself. Its licence text is taken from the npm package that runs the build, whichever 24.x the base has. */
export function readNode(version: string): Component {
  const found = readComponent(nodePackage(ownArchitecture()).folder, () => `pkg:github/nodejs/node@v${version}`);
  return { ...found, name: 'Node.js', version, licence: 'MIT' };
}
