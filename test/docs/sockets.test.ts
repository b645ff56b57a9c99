import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'tap';
import { configOf } from '../../src/config/config.ts';
import { loadOptions } from '../../src/config/load-options.ts';
import { methodSets } from '../../src/cri/tables/method-sets.ts';
import { setNames } from '../../src/routing/access/allowed-methods.ts';
import { codeIn, readPage, tablesOf } from './markdown.ts';

const dir = mkdtempSync(join(tmpdir(), 'criproxy-docs-'));
process.on('exit', () => rmSync(dir, { recursive: true, force: true }));

const page = readPage('docs/sockets.md');
const examples = page.fences.filter(({ language, text }) => language === 'yaml' && /^sockets:/m.test(text));

test('there is an example for each kind of agent', async t => {
  t.equal(examples.length, 4);
});

for (const { text, line } of examples) {
  test(`the sockets in docs/sockets.md:${line} can be used`, async t => {
    const file = join(dir, `${line}.yaml`);
    writeFileSync(file, text);
    const { sockets } = configOf(await loadOptions(new Map([['config', file]])));
    t.equal(sockets.length, 1);
  });
}

test('the table of sets has every set with its methods', async t => {
  const [sets] = tablesOf(page.text).filter(({ header }) => header[0] === 'Set');
  const rows = Object.fromEntries(sets!.rows.map(([set, methods]) => [codeIn(set!)[0], codeIn(methods!)]));
  const { all, ...others } = rows;
  t.strictSame(others, methodSets);
  t.strictSame(all, []);
});

test('the pages name every key and every set', async t => {
  const [keys] = tablesOf(page.text).filter(({ header }) => header[0] === 'Key');
  t.strictSame(
    keys!.rows.map(([key]) => codeIn(key!)[0]),
    ['path', 'mode', 'group', 'allow', 'redact', 'namespaces', 'rate'],
  );
  const [reach] = tablesOf(readPage('docs/security.md').text).filter(({ header }) => header[0] === 'Set');
  t.strictSame(
    reach!.rows.map(([set]) => codeIn(set!)[0]),
    setNames,
  );
});
