import type { Release } from './changelog.ts';

/** The maintainer of the entries, and the time of entries without a date, in seconds since 1970. */
export interface Origin {
  readonly source: string;
  readonly maintainer: string;
  readonly epoch: number;
}

const WIDTH = 80;

/**
 * Releases in the syntax of debian/changelog (deb-changelog(5)). A release without a date is for the distribution UNRELEASED, as
 * Debian's tools call one that is not published.
 */
export function renderDebianChangelog(releases: readonly Release[], { source, maintainer, epoch }: Origin): string {
  const entries = releases.map(({ version, date, sections }) => {
    const distribution = date === undefined ? 'UNRELEASED' : 'stable';
    const time = date === undefined ? new Date(epoch * 1000) : new Date(date);
    const parts = sections.map(
      ({ kind, changes }) => `  [ ${kind} ]\n${changes.map(change => `${wrap(plain(change))}\n`).join('')}`,
    );
    return [
      `${source} (${version}) ${distribution}; urgency=medium\n`,
      ...parts,
      ` -- ${maintainer}  ${time.toUTCString().replace('GMT', '+0000')}\n`,
    ].join('\n');
  });
  return entries.join('\n');
}

/** Removes Markdown's links and emphasis: a link becomes its text. */
function plain(markdown: string): string {
  return markdown.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').replaceAll('**', '');
}

/** One item; its lines go below its text. */
function wrap(text: string): string {
  const lines: string[] = ['  *'];
  for (const word of text.split(' ')) {
    const longer = `${lines.at(-1)} ${word}`;
    if (longer.length <= WIDTH || lines.at(-1) === '  *') lines[lines.length - 1] = longer;
    else lines.push(`    ${word}`);
  }
  return lines.join('\n');
}
