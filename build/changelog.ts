/** One release of CHANGELOG.md, or the changes that are not released yet: then `version` and `date` are undefined. */
export interface Release {
  readonly version: string | undefined;
  /** The date of the heading, YYYY-MM-DD. */
  readonly date: string | undefined;
  readonly sections: readonly Section[];
}

/** The changes of one kind: the heading, and each list item in one line of Markdown. */
export interface Section {
  readonly kind: string;
  readonly changes: readonly string[];
}

/** The sections of Keep a Changelog 1.1.0 (https://keepachangelog.com), and one for texts that people search their logs for. */
const KINDS = ['Added', 'Changed', 'Deprecated', 'Removed', 'Fixed', 'Security', 'Changed log and error texts'];

const HEADING = /^## \[(?:Unreleased\]|(?<version>\d+\.\d+\.\d+)\] - (?<date>\d{4}-\d\d-\d\d))$/;

interface Draft {
  readonly version: string | undefined;
  readonly date: string | undefined;
  readonly sections: { readonly kind: string; readonly changes: string[] }[];
}

/** The releases of a changelog, the newest first; text above the first heading is skipped. Throws with the line number on anything else. */
export function parseChangelog(text: string): Release[] {
  const releases: Draft[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    const fault = line.startsWith('## ') ? addRelease(releases, line) : addLine(releases.at(-1), line);
    if (fault !== undefined) throw new Error(`CHANGELOG.md, line ${index + 1}: ${fault}`);
  }
  return releases;
}

function addRelease(releases: Draft[], line: string): string | undefined {
  const heading = HEADING.exec(line);
  if (heading === null) return `a release is "## [Unreleased]" or "## [X.Y.Z] - YYYY-MM-DD", not "${line}"`;
  const { version, date } = heading.groups!;
  if (version === undefined && releases.length > 0) return 'changes that are not released yet come first';
  releases.push({ version, date, sections: [] });
  return undefined;
}

function addLine(release: Draft | undefined, line: string): string | undefined {
  if (release === undefined || line === '') return undefined;
  const section = release.sections.at(-1);
  if (line.startsWith('### ')) {
    const kind = line.slice(4);
    if (!KINDS.includes(kind)) return `"${kind}" is none of ${KINDS.join(', ')}`;
    if (release.sections.some(other => other.kind === kind)) return `there is a list "${kind}" above`;
    release.sections.push({ kind, changes: [] });
  } else if (section !== undefined && line.startsWith('- ')) section.changes.push(line.slice(2));
  else if (section !== undefined && section.changes.length > 0 && line.startsWith('  '))
    section.changes.push(`${section.changes.pop()} ${line.trim()}`);
  else return `a change begins with "- " below a heading "### ...", and goes on with two blanks, not "${line}"`;
  return undefined;
}

/**
 * The releases as a package of `version` has them: where CHANGELOG.md does not have this version yet, its unreleased changes are
 * it, without a date. Throws where the version is released already and there are changes that are not.
 */
export function releasesOf(text: string, version: string): Release[] {
  const releases = parseChangelog(text);
  const [unreleased, newest] = releases[0]?.version === undefined ? releases : [undefined, ...releases];
  const isEmpty = unreleased === undefined || unreleased.sections.length === 0;
  if (newest?.version === version) {
    if (isEmpty) return releases.filter(release => release !== unreleased);
    throw new Error(`CHANGELOG.md has changes since ${version}: raise the version in package.json`);
  }
  if (isEmpty) throw new Error(`CHANGELOG.md has neither a release ${version} nor unreleased changes: describe them`);
  return releases.map(release => (release === unreleased ? { ...release, version } : release));
}
