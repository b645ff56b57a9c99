import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'tap';

const root = fileURLToPath(new URL('../src', import.meta.url));

/**
 * A room is a folder of src. Its README.md is two lines: its idea, and `Open to other rooms: FILES. Imports from: ROOMS.`, which
 * this test holds the imports against, type imports too. A permission that no file uses is a fault as well.
 */
interface Room {
  /** The path below src, as `cri/read`. */
  readonly name: string;
  /** Names of files; undefined: every file. */
  readonly open: readonly string[] | undefined;
  readonly imports: readonly string[];
}

/** Top-level rooms that are only data and logic: no npm package, no built-in of Node. */
const pure = ['base', 'wire', 'cri', 'routing'];

const MAX_LINES = 300;

interface Source {
  /** The path below src, as `wire/splice.ts`. */
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

/** The room of a file; empty for main.ts, which may import any room. */
function roomOf(path: string): string {
  return path.includes('/') ? dirname(path) : '';
}

function topOf(path: string): string {
  return path.split('/')[0]!;
}

const rooms: readonly Room[] = [...new Set(files.map(file => roomOf(file.path)))].filter(Boolean).sort().map(readRoom);

function readRoom(name: string): Room {
  const path = join(root, name, 'README.md');
  const [, rule = ''] = existsSync(path) ? readFileSync(path, 'utf8').split('\n') : [];
  const [, open = '', imports = ''] = /^Open to other rooms: (.+)\. Imports from: (.+)\.$/.exec(rule) ?? [];
  const listOf = (text: string) => (text === '' || text === 'nothing' ? [] : text.split(', '));
  return { name, open: open === 'every file' ? undefined : listOf(open), imports: listOf(imports) };
}

/** The rooms that a room imports from, and its files that other rooms import, as found in the sources. */
function usesOf(name: string): { imports: string[]; open: string[] } {
  const others = files.filter(({ path }) => roomOf(path) !== name);
  const foreign = files.filter(({ path }) => roomOf(path) === name).flatMap(file => file.imports);
  const open = others.flatMap(file => file.imports).filter(path => roomOf(path) === name);
  const sorted = (some: readonly string[]) => [...new Set(some)].sort();
  return {
    imports: sorted(foreign.map(roomOf).filter(room => room !== name)),
    open: sorted(open.map(path => basename(path))),
  };
}

/** The source without comments, so that they may name what the code must not use. */
function codeOf({ text }: Source): string {
  return text.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
}

/** The first cycle that can be reached from a node of a graph, as the nodes on it. */
function findCycle(start: string, next: (node: string) => readonly string[]): string[] | undefined {
  const seen = new Set<string>();
  const visit = (node: string, trail: readonly string[]): string[] | undefined => {
    if (node === start && trail.length > 0) return [...trail, node];
    if (seen.has(node)) return undefined;
    seen.add(node);
    for (const each of next(node)) {
      const cycle = visit(each, [...trail, node]);
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

test('rooms', async t => {
  for (const { name, open, imports } of rooms) {
    const used = usesOf(name);
    const readme = `src/${name}/README.md`;
    t.strictSame(imports, used.imports, `${readme}: Imports from: ${used.imports.join(', ') || 'nothing'}.`);
    if (open !== undefined) {
      t.strictSame(open, used.open, `${readme}: Open to other rooms: ${used.open.join(', ') || 'nothing'}.`);
    }
    t.equal(findCycle(name, room => usesOf(room).imports)?.join(' -> '), undefined, `${name} is on no cycle of rooms`);
  }
  for (const { path, imports, packages } of files) {
    const unknown = imports.filter(target => !files.some(file => file.path === target));
    t.strictSame(unknown, [], `${path} imports only files of src`);
    if (pure.includes(topOf(path))) t.strictSame(packages, [], `${path} imports no package`);
  }
});

test('the README of a room is two lines of at most 300 characters', async t => {
  for (const { name } of rooms) {
    const lines = readFileSync(join(root, name, 'README.md'), 'utf8').split('\n');
    t.equal(lines.length, 3, `${name}: two lines`);
    t.ok(
      lines.every(line => line.length <= 300),
      `${name}: short`,
    );
  }
});

test('a file name occurs once in the tree', async t => {
  const names = files.map(({ path }) => basename(path));
  t.strictSame(
    names.filter((name, at) => names.indexOf(name) !== at),
    [],
  );
});

test('no import cycles', async t => {
  const imports = new Map(files.map(file => [file.path, file.imports]));
  for (const { path } of files)
    t.equal(findCycle(path, each => imports.get(each) ?? [])?.join(' -> '), undefined, path);
});

test(`files of at most ${MAX_LINES} lines`, async t => {
  const long = files.filter(file => file.text.split('\n').length - 1 > MAX_LINES).map(file => file.path);
  t.strictSame(long, []);
});

test('only main ends the process, only cli and daemon print', async t => {
  for (const file of files) {
    const { path } = file;
    const code = codeOf(file);
    const ends = /\bprocess\s*\.\s*(?:exit|abort|reallyExit)\b/.test(code);
    const prints = /\bconsole\s*\.|\bprocess\s*\.\s*std(?:out|err)\b/.test(code);
    t.equal(ends && path !== 'main.ts', false, `${path} leaves the process alone`);
    t.equal(prints && !['cli', 'daemon'].includes(topOf(path)), false, `${path} leaves the output alone`);
  }
});

test('field numbers of messages are in cri alone', async t => {
  for (const file of files.filter(({ path }) => !['cri', 'wire', 'transport'].includes(topOf(path)))) {
    const code = codeOf(file);
    t.notOk(file.imports.includes('wire/fields.ts'), `${file.path} reads and writes no field by its number`);
    t.notOk(/\bfield\s*[!=]==\s*\d/.test(code), `${file.path} compares no field with a number`);
  }
});
