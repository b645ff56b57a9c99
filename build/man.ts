import { commands } from '../src/cli/commands/commands.ts';
import type { CommandRow, OptionRow } from '../src/cli/grammar/command-row.ts';
import { usageOf } from '../src/cli/help/help.ts';
import { manual } from '../src/cli/help/manual.ts';
import { daemonFlags } from '../src/config/daemon-flags.ts';

/** criproxy(8), made from the same tables as `-help`, in roff with the macros of man(7). */
export function renderMan(): string {
  const used = daemonFlags.filter(row => row.ignored !== true && row.name !== 'h');
  const ignored = daemonFlags.filter(row => row.ignored === true).map(row => `-${row.name}`);
  const exits = Object.entries(manual.daemonExits).map(
    ([status, meaning]) => [status, `The daemon: ${meaning}.`] as const,
  );
  return [
    '.TH CRIPROXY 8 "" "criproxy" "System administration"',
    // Without hyphenation, so that names of flags stay whole.
    '.nh\n.ad l',
    section('NAME', `criproxy \\- ${text(manual.summary)}`),
    section('SYNOPSIS', '.B criproxy\n.RI [ flags ]', ...commands.map(row => `.br\n${synopsis(row)}`)),
    section('DESCRIPTION', paragraphs(manual.description)),
    section(
      'OPTIONS',
      paragraphs(['The flags of the daemon are written as -flag value, -flag=value or --flag.']),
      ...used.map(({ name, value, help, type, default: standard }) =>
        item(`-${name}`, value, [help + (type === 'bool' ? '' : showDefault(standard))]),
      ),
      '.PP',
      text(`Accepted for existing unit files, without effect: ${ignored.join(', ')}.`),
    ),
    section('COMMANDS', ...commands.map(command)),
    section(
      'EXIT STATUS',
      ...exits.map(([status, meaning]) => item(status, undefined, [meaning])),
      '.PP',
      text('A command: 0 done, 1 failed, 2 wrong use, and what is said of it above.'),
    ),
    section('SIGNALS', ...manual.signals.map(([name, meaning]) => item(name, undefined, [meaning]))),
    section('FILES', ...manual.files.map(([path, meaning]) => `.TP\n.I ${text(path)}\n${text(meaning)}`)),
    section('EXAMPLES', ...manual.examples.map(example)),
    section('SEE ALSO', manual.seeAlso.map(reference).join(',\n')),
  ].join('\n');
}

function section(name: string, ...parts: readonly string[]): string {
  return [`.SH ${name}`, ...parts, ''].join('\n').trimEnd();
}

function synopsis(row: CommandRow): string {
  const rest = usageOf(row).slice(row.name.length).trim();
  return `.B criproxy ${text(row.name)}${rest === '' ? '' : `\n.I ${text(rest)}`}`;
}

function command(row: CommandRow): string {
  const { name, operands, summary, options, notes = [], exits = {} } = row;
  const statuses = Object.entries(exits).map(([status, meaning]) => `Exit status ${status}: ${meaning}.`);
  return [
    `.SS criproxy ${text([name, operands].filter(Boolean).join(' '))}`,
    text(`${summary[0]!.toUpperCase()}${summary.slice(1)}.`),
    ...options.map(option),
    ...[...notes, ...statuses].map(note => `.PP\n${text(note)}`),
  ].join('\n');
}

function option({ name, short, value, help, multiple, default: standard }: OptionRow): string {
  const names = short === undefined ? `--${name}` : `-${short}, --${name}`;
  return item(names, value, [`${help}${multiple === true ? '; can be given again' : ''}${showDefault(standard)}`]);
}

function item(name: string, value: string | undefined, texts: readonly string[]): string {
  const tag = value === undefined ? `.B ${text(name)}` : `.BI "${text(name)} " "${text(value)}"`;
  return ['.TP', tag, ...texts.map(text)].join('\n');
}

function example([what, words]: readonly [string, string]): string {
  return `.PP\n${text(what)}\n.PP\n.nf\n.RS 4\n${text(words).replaceAll(' ', '\\ ')}\n.RE\n.fi`;
}

function reference(page: string): string {
  const [, name, part] = /^(.+)\((\d)\)$/.exec(page)!;
  return `.BR ${name} (${part})`;
}

function paragraphs(texts: readonly string[]): string {
  return texts.map(text).join('\n.PP\n');
}

function showDefault(value: string | undefined): string {
  return value === undefined || value === '' ? '' : ` (default ${value})`;
}

/** Keeps backslashes and the dashes of options, puts each sentence on its own line, and lets no line be taken for a request. */
function text(plain: string): string {
  return plain
    .replaceAll('\\', '\\e')
    .replaceAll('"', '\\(dq')
    .replace(
      /(^|[\s(|[])(-{1,2})(?=[a-zA-Z])/g,
      (_, before: string, dashes: string) => before + '\\-'.repeat(dashes.length),
    )
    .replace(/(?<=[a-z)]\.) (?=[A-Z])/g, '\n')
    .replace(/^[.']/gm, '\\&$&');
}
