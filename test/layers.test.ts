import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'tap';

const root = fileURLToPath(new URL('../src', import.meta.url));

/** What the files of each layer may import besides files of their own layer. Type imports count too. */
const below: Readonly<Record<string, readonly string[]>> = {
  base: [],
  wire: ['base'],
  cri: ['wire', 'base'],
  routing: ['cri', 'wire', 'base'],
  transport: ['base'],
  setup: ['base', 'wire', 'cri', 'admin'],
  systemd: ['base'],
  store: ['base'],
  watch: ['base'],
  faults: ['base'],
  admin: ['base'],
  doctor: ['base', 'setup', 'admin', 'transport'],
  app: ['routing', 'cri', 'wire', 'base', 'transport', 'setup', 'systemd', 'store', 'watch', 'faults', 'admin'],
  cli: ['app', 'routing', 'cri', 'wire', 'base', 'transport', 'setup', 'store', 'admin', 'doctor', 'watch'],
  main: ['cli', 'app', 'routing', 'cri', 'wire', 'base'],
};

/** Layers that are nothing but data and logic: no npm package, no built-in of Node. */
const pure = ['base', 'wire', 'cri', 'routing'];

const MAX_LINES = 300;

interface Source {
  /** Relative to src, as `wire/splice.ts`. */
  readonly path: string;
  readonly text: string;
  /** Paths of files in src. */
  readonly imports: readonly string[];
  /** Names of packages and of Node's own modules. */
  readonly packages: readonly string[];
}

const files: readonly Source[] = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter(name => name.endsWith('.ts'))
  .sort()
  .map(readSource);

function readSource(path: string): Source {
  const text = readFileSync(join(root, path), 'utf8');
  const names = importedNames(text);
  const resolve = (name: string) => relative(root, join(root, dirname(path), name));
  return {
    path,
    text,
    imports: names.filter(name => name.startsWith('.')).map(resolve),
    packages: names.filter(name => !name.startsWith('.')),
  };
}

/** The module names of `import ... from`, `export ... from`, `import '...'` and `import('...')`. */
function importedNames(text: string): string[] {
  const pattern = /\bfrom\s*(['"])([^'"]+)\1|\bimport\s*\(?\s*(['"])([^'"]+)\3/g;
  return [...text.matchAll(pattern)].map(match => (match[2] ?? match[4])!);
}

function layerOf(path: string): string {
  return path.includes('/') ? path.slice(0, path.indexOf('/')) : path.replace(/\.ts$/, '');
}

/** The source without comments, so that they may name what the code must not use. */
function codeOf({ text }: Source): string {
  return text.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
}

/** The first cycle that can be reached from a file, as the paths on it. */
function findCycle(start: string): string[] | undefined {
  const imports = new Map(files.map(file => [file.path, file.imports]));
  const seen = new Set<string>();
  const visit = (path: string, trail: readonly string[]): string[] | undefined => {
    if (path === start && trail.length > 0) return [...trail, path];
    if (seen.has(path)) return undefined;
    seen.add(path);
    for (const next of imports.get(path) ?? []) {
      const cycle = visit(next, [...trail, path]);
      if (cycle !== undefined) return cycle;
    }
    return undefined;
  };
  return visit(start, []);
}

test('imports are seen in every form', async t => {
  const text = `import a from './a.ts';
import { type B } from "./b.ts";
import type { C } from '../c.ts';
export * from './d.ts';
export { e } from './e.ts';
import './f.ts';
const g = await import('./g.ts');
import {
  h,
} from './h.ts';
type I = import('./i.ts').I;`;
  t.strictSame(importedNames(text), [
    './a.ts',
    './b.ts',
    '../c.ts',
    './d.ts',
    './e.ts',
    './f.ts',
    './g.ts',
    './h.ts',
    './i.ts',
  ]);
});

test('layers', async t => {
  t.strictSame(
    [...new Set(files.map(file => layerOf(file.path)))].sort(),
    Object.keys(below).sort(),
    'no other layers',
  );
  for (const { path, imports } of files) {
    const layer = layerOf(path);
    const allowed = [layer, ...below[layer]!];
    const wrong = imports.filter(target => !allowed.includes(layerOf(target)));
    t.strictSame(wrong, [], `${path} imports only from ${allowed.join(', ')}`);
    const unknown = imports.filter(target => !files.some(file => file.path === target));
    t.strictSame(unknown, [], `${path} imports only files of src`);
  }
  for (const { path, packages } of files.filter(file => pure.includes(layerOf(file.path)))) {
    t.strictSame(packages, [], `${path} imports no package`);
  }
});

test('no import cycles', async t => {
  for (const { path } of files) t.equal(findCycle(path)?.join(' -> '), undefined, path);
});

test(`files of at most ${MAX_LINES} lines`, async t => {
  const long = files.filter(file => file.text.split('\n').length - 1 > MAX_LINES).map(file => file.path);
  t.strictSame(long, []);
});

test('only main ends the process, only cli prints', async t => {
  for (const file of files) {
    const { path } = file;
    const code = codeOf(file);
    const ends = /\bprocess\s*\.\s*(?:exit|abort|reallyExit)\b/.test(code);
    const prints = /\bconsole\s*\.|\bprocess\s*\.\s*std(?:out|err)\b/.test(code);
    t.equal(ends && path !== 'main.ts', false, `${path} leaves the process alone`);
    t.equal(prints && layerOf(path) !== 'cli', false, `${path} leaves the output alone`);
  }
});
