import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The root of the project. */
export const root = fileURLToPath(new URL('../..', import.meta.url));

/** A block between two lines of backticks; `line` is the number of the first one, from 1. */
export interface Fence {
  readonly language: string;
  readonly text: string;
  readonly line: number;
}

/** A table: each row is its cells, as written. */
export interface Table {
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export interface Page {
  /** The path from the root of the project. */
  readonly path: string;
  readonly text: string;
  /** The text without fenced blocks, whose content may look like a link or a heading. */
  readonly prose: string;
  readonly fences: readonly Fence[];
  /** The anchors that GitHub makes of the headings. */
  readonly anchors: ReadonlySet<string>;
}

/** A page of the project, by its path from the root. */
export function readPage(path: string): Page {
  const text = readFileSync(join(root, path), 'utf8');
  const fences: Fence[] = [];
  const prose = text.replace(/^( *)(```+)(\w*)\n([\s\S]*?)^\1\2 *$/gm, (whole, indent, _marks, language, body, at) => {
    const dedented = body.replace(new RegExp(`^${indent}`, 'gm'), '');
    fences.push({ language, text: dedented, line: text.slice(0, at).split('\n').length });
    return whole.replace(/[^\n]/g, '');
  });
  return { path, text, prose, fences, anchors: anchorsOf(prose) };
}

/** All pages that the project has for people. */
export function allPages(): Page[] {
  const found = ['README.md', 'CHANGELOG.md', '.github/CONTRIBUTING.md'];
  const walk = (folder: string) => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory()) walk(path);
      else if (entry.name.endsWith('.md')) found.push(path);
    }
  };
  walk('docs');
  return found.map(readPage);
}

/** GitHub's rule: lower case, without punctuation, spaces as dashes, a number behind a repeated one. */
function anchorsOf(prose: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, title = ''] of prose.matchAll(/^#{1,6} +(.+?) *#*$/gm)) {
    const plain = title.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').replace(/[`*]/g, '');
    const anchor = plain
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-');
    let unique = anchor;
    for (let count = 1; anchors.has(unique); count++) unique = `${anchor}-${count}`;
    anchors.add(unique);
  }
  return anchors;
}

/** The tables of a text, in order. */
export function tablesOf(prose: string): Table[] {
  const blocks = prose.matchAll(/^(?: *\|.*\|\n)+/gm);
  return [...blocks].map(([block]) => {
    const [header = [], , ...rows] = block.trimEnd().split('\n').map(cellsOf);
    return { header, rows };
  });
}

function cellsOf(line: string): string[] {
  const cells = line
    .trim()
    .slice(1, -1)
    .split(/(?<!\\)\|/);
  return cells.map(cell => cell.trim().replace(/\\\|/g, '|'));
}

/** The texts between backticks. */
export function codeIn(text: string): string[] {
  return [...text.matchAll(/(`+)(.+?)\1(?!`)/g)].map(([, , code]) => code!.trim());
}
