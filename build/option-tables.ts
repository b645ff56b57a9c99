import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { daemonFlags } from '../src/config/daemon-flags.ts';
import type { Option } from '../src/config/option.ts';
import { daemonOptions, runtimeOptions } from '../src/config/options.ts';
import { connect } from '../src/config/shared-flags.ts';
import type { ValueType } from '../src/config/value-type.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** The tables of options, each by its page and its name in the markers there. */
const tables: ReadonlyArray<readonly [page: string, name: string, render: () => string]> = [
  ['README.md', 'flags', flagTable],
  ['docs/configuration.md', 'keys', keyTable],
  ['docs/configuration.md', 'keys of a runtime', runtimeTable],
];

/** The text of each page with tables of options, as it should be. */
export function renderPages(): ReadonlyMap<string, string> {
  const pages = new Map<string, string>();
  for (const [page, name, render] of tables) {
    const text = pages.get(page) ?? readFileSync(join(root, page), 'utf8');
    const [begin, end] = [`<!-- ${name}: written by build/option-tables.ts -->\n`, `<!-- end of ${name} -->\n`];
    const [before, after] = [text.indexOf(begin), text.indexOf(end)];
    if (before < 0 || after < before) throw new Error(`${page}: no lines ${begin.trim()} and ${end.trim()}`);
    pages.set(page, `${text.slice(0, before + begin.length)}\n${render()}\n${text.slice(after)}`);
  }
  return pages;
}

function flagTable(): string {
  const ignored = daemonFlags.filter(row => row.ignored === true);
  return table(
    ['Flag', 'Value', 'Default', ''],
    [
      ...daemonFlags
        .filter(row => row.ignored !== true && row.name !== 'h')
        .map(({ name, type, value, default: standard, help }) => [
          code(`-${name}`),
          words(value ?? ''),
          type === 'bool' ? '' : code(standard),
          prose(help),
        ]),
      [ignored.map(({ name }) => code(`-${name}`)).join(', '), '', '', 'accepted for existing unit files, no effect'],
    ],
  );
}

function keyTable(): string {
  return table(
    ['Key', 'Flag', 'Value', 'Default', 'Reload', ''],
    [
      ...daemonOptions.map(row => [
        code(row.key),
        flagOf(row),
        fileValue(row.type),
        typeof row.default === 'object' ? '' : code(String(row.default)),
        row.reload === 'live' ? 'at once' : 'restart',
        prose(row.help),
      ]),
      ['`runtimes`', code(`-${connect.name}`), 'a list', '', 'at once', 'the runtimes, the primary first; see below'],
    ],
  );
}

function runtimeTable(): string {
  return table(
    ['Key', 'Flag', 'Value', ''],
    runtimeOptions.map(row => [code(row.key), flagOf(row), fileValue(row.type), prose(row.help)]),
  );
}

function flagOf({ flag }: Option): string {
  return flag === undefined ? '' : code(`-${flag.name}`);
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `|${cells.map(cell => (cell === '' ? ' |' : ` ${cell} |`)).join('')}\n`;
  return `${line(header)}|${header.map(() => '---|').join('')}\n${rows.map(line).join('')}`;
}

function code(text: string): string {
  return text === '' ? '' : `\`${text}\``;
}

/** A sample value of this type, as it stands in a file. */
function fileValue({ shape, placeholder }: ValueType): string {
  if (shape.kind === 'boolean') return '`true`, `false`';
  if (shape.kind === 'list') return `a list of ${fileValue(shape.of)}`;
  if (shape.kind === 'map') return code(`${shape.key.placeholder}: ${shape.of.placeholder}`);
  if (shape.kind === 'mapping') return Object.keys(shape.keys).map(code).join(', ');
  return words(placeholder);
}

/** The words of a placeholder, or all its choices. */
function words(placeholder: string): string {
  return placeholder.split('|').map(code).join(', ');
}

/** Names of flags, paths, URLs and ids in a help text. */
const names = /(?<=^|[\s(])(?:-[a-zA-Z]\w*|\/[a-z]+|[a-z]+:\/\/[^\s,;]+|<[^<>]+>(?:\/|__<[^<>]+>)?)(?=[\s,;.)]|$)/g;

/** A help text as Markdown. */
function prose(help: string): string {
  return help.replace(names, code);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [page, text] of renderPages()) writeFileSync(join(root, page), text);
}
