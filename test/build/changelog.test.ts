import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'tap';
import { parseChangelog, releasesOf } from '../../build/changelog.ts';
import { renderDebianChangelog } from '../../build/debian-changelog.ts';
import { renderReleaseNotes } from '../../build/release-notes.ts';
import { needs } from '../support/require.ts';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const { version } = JSON.parse(read('package.json')) as { version: string };
const origin = { source: 'criproxy', maintainer: 'Some Body <some@body.example>', epoch: 86_400 };

const released = `# Changelog

Text.

## [1.1.0] - 2027-02-03

### Added

- A flag [\`-x\`](https://x.example), **at last**, whose description is so long that a line of eighty columns cannot
  hold it.
- Another.

### Changed log and error texts

- \`a\` is now \`b\`.

## [1.0.0] - 2027-01-02

### Fixed

- A fault.
`;
const empty = released.replace('## [1.1.0]', '## [Unreleased]\n\n## [1.1.0]');
const unreleased = released.replace('## [1.1.0] - 2027-02-03', '## [Unreleased]');

test('releases become a changelog of Debian, with lines of 80 columns', async t => {
  t.equal(
    renderDebianChangelog(releasesOf(released, '1.1.0'), origin),
    `criproxy (1.1.0) stable; urgency=medium

  [ Added ]
  * A flag \`-x\`, at last, whose description is so long that a line of eighty
    columns cannot hold it.
  * Another.

  [ Changed log and error texts ]
  * \`a\` is now \`b\`.

 -- Some Body <some@body.example>  Wed, 03 Feb 2027 00:00:00 +0000

criproxy (1.0.0) stable; urgency=medium

  [ Fixed ]
  * A fault.

 -- Some Body <some@body.example>  Sat, 02 Jan 2027 00:00:00 +0000
`,
  );
});

test('unreleased changes get the version in package.json and the time of the sources', async t => {
  const text = renderDebianChangelog(releasesOf(unreleased, '1.1.0'), origin);
  t.match(text, /^criproxy \(1\.1\.0\) UNRELEASED; urgency=medium\n/);
  t.match(text, ' -- Some Body <some@body.example>  Fri, 02 Jan 1970 00:00:00 +0000\n\ncriproxy (1.0.0) stable;');
});

test('the notes of a release are its part of the changelog', async t => {
  t.equal(
    renderReleaseNotes(releasesOf(released, '1.1.0')[0]!),
    `### Added

- A flag [\`-x\`](https://x.example), **at last**, whose description is so long that a line of eighty columns cannot hold it.
- Another.

### Changed log and error texts

- \`a\` is now \`b\`.
`,
  );
  t.throws(() => renderReleaseNotes(releasesOf(unreleased, '1.1.0')[0]!), /no "## \[1\.1\.0\] - YYYY-MM-DD"/);
});

const refused: readonly (readonly [string, string, string, RegExp])[] = [
  ['changes since the released version', unreleased, '1.0.0', /changes since 1\.0\.0: raise the version/],
  ['a version without changes', released, '1.2.0', /neither a release 1\.2\.0 nor unreleased changes/],
  ['an empty list of unreleased changes', empty, '1.2.0', /neither a release 1\.2\.0/],
];
for (const [what, text, of, error] of refused)
  test(`a package is not made of ${what}`, async t => {
    t.throws(() => releasesOf(text, of), error);
  });

test('below a heading without changes the newest release counts', async t => {
  t.same(releasesOf(empty, '1.1.0'), parseChangelog(released));
});

const malformed: readonly (readonly [string, RegExp])[] = [
  ['## 1.0.0', /^CHANGELOG.md, line 1: a release is/],
  ['## [1.0.0]', /line 1: a release is/],
  ['## [1.0.0] - 2027-01-02\n## [Unreleased]', /line 2: changes that are not released yet come first/],
  ['## [Unreleased]\n### News', /line 2: "News" is none of Added, Changed/],
  ['## [Unreleased]\n### Added\n- x\n### Added', /line 4: there is a list "Added" above/],
  ['## [Unreleased]\n- x', /line 2: a change begins/],
  ['## [Unreleased]\n### Added\ntext', /line 3: a change begins/],
  ['## [Unreleased]\n### Added\n  text', /line 3: a change begins/],
];
for (const [text, error] of malformed)
  test(`refused: ${JSON.stringify(text)}`, async t => {
    t.throws(() => parseChangelog(text), error);
  });

test('the links of the changelog lead there from a release’s page too', async t => {
  const links = [...read('CHANGELOG.md').matchAll(/\]\(([^)]*)\)/g)].map(([, target]) => target!);
  t.strictSame(
    links.filter(target => !target.startsWith('https://')),
    [],
  );
});

test('dpkg reads the changelog of the package', needs('packages'), async t => {
  const releases = releasesOf(read('CHANGELOG.md'), version);
  const input = renderDebianChangelog(releases, { ...origin, source: 'criproxy-nodeps' });
  const args = ['--all', '--format', 'rfc822', '-l', '-'];
  // dpkg warns of an entry that it does not understand on stderr, with status 0.
  const said = execFileSync('sh', ['-c', 'dpkg-parsechangelog "$@" 2>&1', '-', ...args], { input, encoding: 'utf8' });
  t.notMatch(said, /^dpkg-parsechangelog: /m);
  t.match(said, `Source: criproxy-nodeps\nVersion: ${version}\n`);
  for (const { changes } of releases[0]!.sections) t.match(said, changes[0]!.split(' ').slice(0, 3).join(' '));
});
