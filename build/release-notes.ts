import { resolve } from 'node:path';
import { type Release, releasesOf } from './changelog.ts';
import { readText } from './stage.ts';

/** The text of a release's page: its part of CHANGELOG.md. Throws where the release has no date yet. */
export function renderReleaseNotes(release: Release): string {
  if (release.date === undefined)
    throw new Error(`CHANGELOG.md has no "## [${release.version}] - YYYY-MM-DD": put it below "## [Unreleased]"`);
  return release.sections
    .map(({ kind, changes }) => `### ${kind}\n\n${changes.map(change => `- ${change}\n`).join('')}`)
    .join('\n');
}

/** Prints the notes of the version that package.json has: `node build/release-notes.ts`. */
if (import.meta.main) {
  const root = resolve(import.meta.dirname, '..');
  const { version } = JSON.parse(readText(root, 'package.json')) as { version: string };
  process.stdout.write(renderReleaseNotes(releasesOf(readText(root, 'CHANGELOG.md'), version)[0]!));
}
