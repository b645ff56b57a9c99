import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'tap';
import { idOfLabel, runtimeLabel, runtimeName, runtimeOfLabel } from '../../src/base/runtime-name.ts';

test('a runtime in a sentence', async t => {
  t.equal(runtimeName(''), 'the primary runtime');
  t.equal(runtimeName('alt'), 'runtime alt');
});

test('labels of runtimes are unique', async t => {
  const ids = ['', 'primary', 'runtime-primary', 'several', 'none', 'alt', 'runtime-alt'];
  t.strictSame(ids.map(runtimeLabel), [
    'primary',
    'runtime-primary',
    'runtime-runtime-primary',
    'runtime-several',
    'runtime-none',
    'alt',
    'runtime-alt',
  ]);
});

test('a label leads back to its runtime, an id that is no label too', async t => {
  const ids = ['', 'alt', 'primary', 'none'];
  for (const id of ids) t.equal(runtimeOfLabel(runtimeLabel(id), ids), id, id || 'the primary');
  t.equal(runtimeOfLabel('none', ids), 'none');
  t.equal(runtimeOfLabel('primary', ids), '', 'the primary comes before a runtime of that name');
  t.equal(runtimeOfLabel('', ids), '');
  t.equal(runtimeOfLabel('gone', ids), undefined);
  for (const id of [...ids, 'runtime-primary', 'runtime-alt'])
    t.equal(idOfLabel(runtimeLabel(id)), id, `the id of ${id}`);
});

test('one file makes up the names of runtimes', async t => {
  const src = fileURLToPath(new URL('../../src', import.meta.url));
  const names = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.ts'));
  const spelled = /=== '' \? '[^']*primary|\|\| 'primary'|[`'(]runtime \$\{|\bthe \$\{runtimeName/;
  t.strictSame(
    names.filter(name => spelled.test(readFileSync(join(src, name), 'utf8'))),
    ['base/runtime-name.ts'],
  );
  t.match("id === '' ? 'the primary runtime' : id", spelled, 'the search finds one');
});
