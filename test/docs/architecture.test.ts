import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'tap';
import { readPage, root } from './markdown.ts';

const page = readPage('docs/architecture.md');

test('the page describes every layer', async t => {
  const layers = readdirSync(join(root, 'src'), { withFileTypes: true }).filter(entry => entry.isDirectory());
  for (const { name } of layers) t.ok(page.text.includes(`src/${name}/`), `src/${name}/`);
});

/** Lines that a diff adds, each with its file. */
const added = page.fences
  .filter(({ language }) => language === 'diff')
  .flatMap(({ text }) => {
    let file = '';
    return text.split('\n').flatMap(line => {
      if (line.startsWith('+++ b/')) file = line.slice('+++ b/'.length);
      return line.startsWith('+') && !line.startsWith('+++') ? [{ file, line: line.slice(1) }] : [];
    });
  });

test('there is a diff', async t => {
  t.equal(added.length, 8);
});

for (const { file, line } of added) {
  test(`${file} has ${line.trim()}`, async t => {
    t.ok(readFileSync(join(root, file), 'utf8').split('\n').includes(line));
  });
}

test('the texts that fail without the lines are titles of tests', async t => {
  const { text } = page.fences.find(fence => fence.text.includes('not ok'))!;
  let source = '';
  for (const line of text.trimEnd().split('\n')) {
    const file = /^\$ node (\S+)$/.exec(line)?.[1];
    if (file !== undefined) source = readFileSync(join(root, file), 'utf8');
    const title = /^not ok \d+ - (.+)$/.exec(line)?.[1];
    if (title === undefined) continue;
    t.ok(source.includes(title.replace(/ UpdatePod\w+$/, ' ')), title);
  }
});
