import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'tap';

const root = fileURLToPath(new URL('..', import.meta.url));

/** A name that one file imports from another. */
interface Import {
  readonly from: string;
  readonly name: string;
}

/** `import { a, type b as c } from './x.ts'`, `import * as d from`, `await import('./x.ts')).e` and `{ f } = await import('./x.ts')`. */
function importsOf(path: string, text: string): Import[] {
  const resolve = (name: string) => (name.startsWith('.') ? join(dirname(path), name) : name);
  const listed = /\{([^{}]*)\}\s*(?:from\s*|=\s*await import\()'([^']+)'/g;
  const whole = /import \* as (\w+) from '([^']+)'/g;
  const lazy = /import\(\s*'([^']+)',?\s*\)\)?\s*\.(\w+)/g;
  return [
    ...[...text.matchAll(listed)].flatMap(([, names = '', from = '']) =>
      names.split(',').map(name => ({
        from: resolve(from),
        name: name
          .replace(/\btype /, '')
          .trim()
          .split(/ as |:/)[0]!,
      })),
    ),
    ...[...text.matchAll(whole)].flatMap(([, alias, from = '']) =>
      [...text.matchAll(new RegExp(`\\b${alias}\\.(\\w+)`, 'g'))].map(([, name = '']) => ({
        from: resolve(from),
        name,
      })),
    ),
    ...[...text.matchAll(lazy)].map(([, from = '', name = '']) => ({ from: resolve(from), name })),
  ];
}

/** Names of exported functions, classes and constants. Types are exported with the functions that take or return them. */
function exportsOf(text: string): string[] {
  return [...text.matchAll(/^export (?:async )?(?:function\*?|class|const) (\w+)/gm)].map(([, name]) => name!);
}

const read = (pattern: string) =>
  new Map(globSync(pattern, { cwd: root }).map(path => [path, readFileSync(join(root, path), 'utf8')] as const));
const src = read('src/**/*.ts');
const others = read('{test,build}/**/*.ts');

const keyOf = ({ from, name }: Import) => `${from} ${name}`;
const usedBy = (files: ReadonlyMap<string, string>) =>
  new Set([...files].flatMap(([path, text]) => importsOf(path, text)).map(keyOf));

test('exports and imports are seen in every form', async t => {
  const text = `import { a, type b as c } from './x.ts';\nimport * as d from './y.ts';\nd.e();
const { f } = await import('../z.ts');\nload: async () => (await import('./w.ts')).g,`;
  t.strictSame(importsOf('src/q/p.ts', text).map(keyOf).sort(), [
    'src/q/w.ts g',
    'src/q/x.ts a',
    'src/q/x.ts b',
    'src/q/y.ts e',
    'src/z.ts f',
  ]);
  t.strictSame(exportsOf('export const a = 1;\nexport async function* b() {}\nexport class C {}\nexport type D = 1;'), [
    'a',
    'b',
    'C',
  ]);
});

test('every function, class and constant that is exported is used in production, and by another file', async t => {
  const inSrc = usedBy(src);
  const elsewhere = usedBy(others);
  const dead: string[] = [];
  for (const [path, text] of src) {
    for (const name of exportsOf(text)) {
      const key = keyOf({ from: path, name });
      const isOwn = (text.match(new RegExp(`\\b${name}\\b`, 'g'))?.length ?? 0) > 1;
      if (!inSrc.has(key) && !(isOwn && elsewhere.has(key))) dead.push(key);
    }
  }
  t.strictSame(dead, []);
});
