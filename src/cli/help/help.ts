import { daemonFlags } from '../../config/daemon-flags.ts';
import { commands } from '../commands/commands.ts';
import type { CommandRow, OptionRow } from '../grammar/command-row.ts';
import type { FlagRow } from '../grammar/flags.ts';
import { wrap } from '../terminal/wrap.ts';
import { manual } from './manual.ts';

const INDENT = '        ';

/** The text of `-help`, 80 columns wide. */
export function helpText(): string {
  const used = daemonFlags.filter(row => row.ignored !== true && row.name !== 'h');
  const ignored = daemonFlags.filter(row => row.ignored === true).map(row => `-${row.name}`);
  const [what, how] = manual.description;
  const exits = Object.entries(manual.daemonExits).map(([status, meaning]) => `${status} ${meaning}`);
  return `Usage: criproxy [flags]
       criproxy COMMAND [options]

${wrap(what)}
Example:
${wrap(manual.examples[0][1], '  ').trimEnd().replaceAll('\n  ', ' \\\n    ')}

Commands (criproxy COMMAND --help tells more of one):
${summaries(commands)}
Flags of the daemon, as -flag value, -flag=value or --flag:
${used.map(flagText).join('')}
${wrap(`Accepted for existing unit files, without effect: ${ignored.join(', ')}.`)}
${wrap(how)}
${wrap(`Exit status: ${exits.join(', ')}.`)}`;
}

/** The text of `criproxy COMMAND --help`. */
export function commandHelp(row: CommandRow): string {
  const notes = (row.notes ?? []).map(note => `\n${wrap(note)}`);
  const exits = { 0: 'done', 1: 'failed', 2: 'wrong use', ...row.exits };
  const statuses = Object.entries(exits).map(([status, meaning]) => `${status} ${meaning}`);
  return [
    wrap(`Usage: criproxy ${usageOf(row)}`),
    '\n',
    wrap(sentence(row.summary)),
    row.options.length === 0 ? '' : `\nOptions:\n${row.options.map(optionText).join('')}`,
    ...notes,
    '\n',
    wrap(`Exit status: ${statuses.join(', ')}.`),
  ].join('');
}

/** The text of `criproxy GROUP --help`, for commands of two words with the same first one. */
export function groupHelp(group: string, rows: readonly CommandRow[]): string {
  return `Usage: criproxy ${group} COMMAND [options]\n\n${summaries(rows)}\ncriproxy ${group} COMMAND --help tells more of one.\n`;
}

/** The words of a command, with `[options]` and operands. */
export function usageOf(row: CommandRow): string {
  return [row.name, ...(row.options.length > 0 ? ['[options]'] : []), row.operands].filter(Boolean).join(' ');
}

function summaries(rows: readonly CommandRow[]): string {
  const column = Math.max(...rows.map(({ name }) => name.length)) + 4;
  return rows
    .map(({ name, summary }) => `  ${name}`.padEnd(column) + wrap(summary, ' '.repeat(column)).trimStart())
    .join('');
}

function sentence(summary: string): string {
  return `${summary[0]!.toUpperCase()}${summary.slice(1)}.`;
}

function optionText(row: OptionRow): string {
  const short = row.short === undefined ? '' : `-${row.short}, `;
  const value = row.value === undefined ? '' : ` ${row.value}`;
  const more = row.multiple === true ? '; can be given again' : '';
  return `  ${short}--${row.name}${value}\n${wrap(`${row.help}${more}${standard(row.default)}`, INDENT)}`;
}

function flagText(row: FlagRow): string {
  const name = row.value === undefined ? `-${row.name}` : `-${row.name} ${row.value}`;
  return `  ${name}\n${wrap(row.help + (row.type === 'bool' ? '' : standard(row.default)), INDENT)}`;
}

function standard(value: string | undefined): string {
  return value === undefined || value === '' ? '' : ` (default ${value})`;
}
