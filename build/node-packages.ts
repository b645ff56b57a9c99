import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Architecture, architectures, ownArchitecture } from './architecture.ts';

const root = resolve(import.meta.dirname, '..');

/** The npm package with the Node.js of an architecture, as package-lock.json pins it. `integrity` is a digest as in npm's. */
export interface NodePackage {
  readonly name: string;
  readonly version: string;
  readonly integrity: string;
  readonly folder: string;
}

/**
 * npm installs the one for this machine and skips the other, which build/fetch-node.ts fetches. Throws if the lock
 * file has none.
 */
export function nodePackage(architecture: Architecture): NodePackage {
  const name = `node-linux-${architectures[architecture].npm}`;
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Readonly<Record<string, { version: string; integrity: string } | undefined>>;
  };
  const locked = packages[`node_modules/${name}`];
  if (locked === undefined) throw new Error(`package-lock.json has no ${name}`);
  const { version, integrity } = locked;
  const folder = architecture === ownArchitecture() ? name : join('.cache', 'criproxy-node', `${name}-${version}`);
  return { name, version, integrity, folder: join(root, 'node_modules', folder) };
}

/** The path of its program. Throws, with the remedy, if the program is not there. */
export function nodeProgram(architecture: Architecture): string {
  const { name, folder } = nodePackage(architecture);
  const program = join(folder, 'bin', 'node');
  if (!existsSync(program)) throw new Error(`${name} is not there: run npm ci, without --ignore-scripts`);
  return program;
}
