import type { Finding, Severity } from '../../doctor/finding.ts';
import { printable } from '../terminal/figures.ts';
import type { Paint, Tone } from '../terminal/paint.ts';
import { wrap } from '../terminal/wrap.ts';

const marks: Readonly<Record<Severity, readonly [mark: string, tone: Tone]>> = {
  ok: ['ok', 'good'],
  warn: ['warn', 'warn'],
  fail: ['FAIL', 'bad'],
  skip: ['skip', 'quiet'],
};

const INDENT = '      ';

/** The findings for a person: a passed check in one line, any other with its consequence and the commands that mend it. */
export function doctorText(findings: readonly Finding[], explainsAll: boolean, width: number, paint: Paint): string {
  const shown = findings.filter(({ isAside }) => explainsAll || isAside !== true);
  const entries = shown.map(finding => entry(finding, explainsAll, width, paint));
  return `${entries.join('')}\n${summary(shown)}\n`;
}

function entry({ severity, what, means, mend }: Finding, explainsAll: boolean, width: number, paint: Paint): string {
  const [mark, tone] = marks[severity];
  const head = wrap(printable(what), INDENT, width).slice(INDENT.length);
  const lines = [`${paint(tone, mark.padEnd(4))}  ${head}`];
  if (severity !== 'ok' || explainsAll) lines.push(wrap(printable(means), INDENT, width));
  // Not broken into lines: it is to be copied.
  for (const command of mend) lines.push(`${INDENT}  ${paint('head', printable(command))}\n`);
  return lines.join('');
}

function summary(findings: readonly Finding[]): string {
  const number = (severity: Severity) => findings.filter(finding => finding.severity === severity).length;
  const count = (severity: Severity, word: string) => `${number(severity)} ${word}${number(severity) === 1 ? '' : 's'}`;
  const made = `${number('ok')} ok, ${count('warn', 'warning')}, ${count('fail', 'failure')}`;
  return number('skip') === 0 ? made : `${made}; ${count('skip', 'check')} could not be made: run this as root`;
}
