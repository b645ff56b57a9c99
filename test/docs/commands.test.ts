import { test } from 'tap';
import { commands } from '../../src/cli/commands/commands.ts';
import { allPages, codeIn, readPage, tablesOf } from './markdown.ts';

/** Calls of the program's commands, `criproxy NAME [VERB] ...`, in code. */
const called = allPages().flatMap(page => {
  const { path } = page;
  // Messages may begin with the program's name, and a change to the program may add a command.
  const text = page.text.replace(/^\| Message \|[\s\S]*?\n\n/gm, '\n').replace(/^```diff\n[\s\S]*?^```$/gm, '');
  const code = [
    ...text.matchAll(/`(criproxy [a-z][^`\n]*)`/g),
    ...text.replace(/\\\n\s*/g, ' ').matchAll(/^(?: {4,}|\$ )(criproxy [a-z].*)$/gm),
  ];
  return code.flatMap(([, line]) => splitChoices(line!).map(words => ({ path, words })));
});

/** `criproxy config check|show FILE` is two calls. */
function splitChoices(line: string): string[][] {
  const words = line
    .replace(/\s+#.*$/, '')
    .split(/\s+/)
    .slice(1);
  const [name = '', verb = '', ...rest] = words;
  return verb.includes('|') ? verb.split('|').map(each => [name, each, ...rest]) : [words];
}

/** The row of a command. A group, such as `config`, may be named without a verb; `help` has no row. */
function rowOf([name = '', verb]: readonly string[]) {
  if (verb === undefined) return commands.find(row => row.name.split(' ')[0] === name);
  return commands.find(row => row.name === `${name} ${verb}`) ?? commands.find(row => row.name === name);
}

test('pages call commands', async t => {
  t.ok(called.length > 10);
});

for (const { path, words } of called) {
  test(`${path}: criproxy ${words.join(' ')}`, async t => {
    const row = rowOf(words);
    t.ok(row !== undefined || words[0] === 'help', 'there is such a command');
    const known = new Set(['help', 'h', ...(row?.options ?? []).flatMap(({ name, short }) => [name, short ?? name])]);
    const options = row?.takesFlags === true ? [] : words.filter(word => /^--?[a-z]/.test(word));
    for (const option of options) t.ok(known.has(option.replace(/^--?/, '').replace(/=.*/, '')), option);
  });
}

test('the table of README has every command once, and no other', async t => {
  const table = tablesOf(readPage('README.md').prose).find(({ header }) => header[0] === 'Command')!;
  const shown = table.rows.map(([command = '']) => codeIn(command)[0]);
  const known = commands.map(({ name, operands }) => `criproxy ${name}${operands === undefined ? '' : ` ${operands}`}`);
  t.strictSame(shown, known);
});
