import { test } from 'tap';
import { daemonFlags } from '../../src/config/daemon-flags.ts';
import { allPages, codeIn, readPage, tablesOf } from './markdown.ts';

const readme = readPage('README.md');
const table = tablesOf(readme.prose).find(({ header }) => header[0] === 'Flag')!;
const rows = table.rows.flatMap(([flags = '', , standard = '', text = '']) =>
  codeIn(flags).map(flag => ({ flag, standard, text })),
);

test('the table of README has every flag of the daemon once, and no other', async t => {
  const known = daemonFlags.filter(({ name }) => name !== 'h').map(({ name }) => `-${name}`);
  t.strictSame(rows.map(({ flag }) => flag).sort(), known.sort());
});

for (const { name, type, default: standard, ignored } of daemonFlags) {
  if (name === 'h') continue;
  test(`README on -${name}`, async t => {
    const row = rows.find(({ flag }) => flag === `-${name}`)!;
    const shown = ignored === true || type === 'bool' || standard === '' ? '' : standard;
    t.equal(codeIn(row.standard)[0] ?? '', shown, 'its default');
    t.equal(row.text.includes('no effect'), ignored === true, 'whether it has an effect');
  });
}

/** The daemon's command lines: as code, in a block, in a unit file. */
const calls = /(?:^ *|`|\$ |\/usr\/bin\/|npm start -- )(?:criproxy )?((?<=criproxy |start -- )-{1,2}\w+[^`\n|]*)/gm;

test('flags that pages give to the daemon exist', async t => {
  const names = new Set(daemonFlags.map(({ name }) => name));
  const used = allPages().flatMap(({ path, text }) =>
    [...text.replace(/\\\n\s*/g, ' ').matchAll(calls)].flatMap(([, flags]) =>
      [...flags!.matchAll(/(?:^|\s)--?([A-Za-z_]+)/g)].map(([, name]) => ({ path, name: name! })),
    ),
  );
  t.ok(used.length > 0);
  for (const { path, name } of used) t.ok(names.has(name), `${path}: -${name}`);
});
