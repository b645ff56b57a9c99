import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/** One file that a build step made. `size` is in bytes. */
export interface Artefact {
  readonly name: string;
  readonly size: number;
  readonly sha256: string;
}

export function describeArtefact(path: string): Artefact {
  const bytes = readFileSync(path);
  return { name: basename(path), size: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
}

/** Prints the files that a step made, one line each. */
export function printArtefact(artefact: Artefact, note = ''): void {
  process.stdout.write(
    `${artefact.name}  ${formatSize(artefact.size)}  sha256:${artefact.sha256}${note && `  ${note}`}\n`,
  );
}

export function formatSize(bytes: number): string {
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

/** Adds a step's rows to `manifest.json` in the folder of the build's results; keeps those of other steps. */
export function writeManifest(out: string, rows: Readonly<Record<string, unknown>>): void {
  writeFileSync(join(out, 'manifest.json'), `${JSON.stringify({ ...readManifest(out), ...rows }, null, 2)}\n`);
}

export function readManifest(out: string): Record<string, unknown> {
  const path = join(out, 'manifest.json');
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>) : {};
}
