import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'tap';
import { highestLevel, isLevel, Level } from '../../src/base/log-level.ts';
import { methods } from '../../src/cri/tables/methods.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

test('levels are 0 to 5, and nothing else', async t => {
  t.strictSame(Object.values(Level), [0, 1, 2, 3, 4, 5]);
  for (const level of Object.values(Level)) t.ok(isLevel(level), String(level));
  for (const other of [-1, 6, 2.5, Number.NaN, '3', undefined, null]) t.notOk(isLevel(other), String(other));
});

test('the highest level that a log is on at', async t => {
  for (const level of Object.values(Level)) t.equal(highestLevel({ enabled: at => at <= level }), level);
});

test('README has a row for each level, with the calls that are dumped from it on', async t => {
  const rows = new Map(
    readFileSync(join(root, 'README.md'), 'utf8')
      .split('## Log levels')[1]!
      .split('\n')
      .flatMap(line =>
        [...(/^\| ([\d, ]+) \| (.+) \|$/.exec(line)?.[1]?.split(', ') ?? [])].map(n => [Number(n), line] as const),
      ),
  );
  t.strictSame([...rows.keys()], Object.values(Level));
  t.match(rows.get(Level.Failed), /failed requests/);
  t.match(rows.get(methods['RunPodSandbox']!.level), /change state/);
  t.match(rows.get(methods['ExecSync']!.level), /`ExecSync`/);
  t.match(rows.get(methods['ListContainers']!.level), /lists/);
});

test('levels are names in the source', async t => {
  const src = join(root, 'src');
  const names = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.ts'));
  const bare = /\.(?:info|enabled)\(\s*\d|\blevels?(?:\.get\(\))? (?:[<>]=?|===) \d/;
  t.strictSame(
    names.filter(name => bare.test(readFileSync(join(src, name), 'utf8'))),
    [],
  );
  t.match("log.info(\n  2, 'text')", bare, 'the search finds one');
});
