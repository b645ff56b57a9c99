import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { test } from 'tap';
import { allPages, codeIn, type Page, readPage, root } from './markdown.ts';

interface Link {
  readonly page: Page;
  readonly target: string;
}

/** Links and pictures of a page, in its HTML too. */
function linksOf(page: Page): Link[] {
  const text = page.prose.replace(/(`+).+?\1/g, '');
  const targets = [...text.matchAll(/\]\(([^)\s]+)\)/g), ...text.matchAll(/(?:src|srcset|href)="([^"]+)"/g)];
  return targets.map(([, target]) => ({ page, target: target! }));
}

/** The fault of a link; undefined if its target exists, or is outside the project. */
function faultOf({ page, target }: Link): string | undefined {
  if (/^[a-z]+:/.test(target)) return undefined;
  const [file = '', anchor] = target.split('#');
  const path = file === '' ? page.path : normalize(join(dirname(page.path), file));
  if (!existsSync(join(root, path))) return `there is no ${path}`;
  if (anchor === undefined) return undefined;
  return readPage(path).anchors.has(anchor) ? undefined : `${path} has no heading #${anchor}`;
}

const pages = allPages();

for (const page of pages) {
  test(`links of ${page.path}`, async t => {
    for (const link of linksOf(page)) t.equal(faultOf(link), undefined, link.target);
  });
}

test('a link to a missing target is found', async t => {
  const page = readPage('README.md');
  t.equal(faultOf({ page, target: 'docs/nowhere.md' }), 'there is no docs/nowhere.md');
  t.equal(faultOf({ page, target: '#nowhere' }), 'README.md has no heading #nowhere');
});

test('every page in docs can be reached from README', async t => {
  const reached = new Set<string>();
  const visit = (path: string) => {
    if (reached.has(path)) return;
    reached.add(path);
    for (const { page, target } of linksOf(readPage(path))) {
      const file = target.split('#')[0]!;
      if (/^[a-z]+:/.test(target) || !file.endsWith('.md')) continue;
      visit(normalize(join(dirname(page.path), file)));
    }
  };
  visit('README.md');
  const unreached = pages.map(page => page.path).filter(path => !reached.has(path));
  t.strictSame(unreached, []);
});

/** Folders of the project; texts name files in them. */
const ours = /^(?:src|test|build|debian|docs|\.github|\.ci)\/[\w./*{},-]*$/;

for (const page of pages) {
  test(`files that ${page.path} names`, async t => {
    const named = [...codeIn(page.prose), ...page.fences.flatMap(fence => fence.text.split(/[\s()'"]+/))];
    const paths = named.map(path => path.replace(/[.,:]$/, '')).filter(path => ours.test(path) && !/[*{]/.test(path));
    const missing = paths.filter(path => !existsSync(join(root, path)));
    t.strictSame(missing, []);
  });
}

test('runbooks of the alerts exist', async t => {
  const alerts = readFileSync(join(root, 'docs/operate/alerts.yaml'), 'utf8');
  const page = readPage('README.md');
  const runbooks = [...alerts.matchAll(/runbook: (\S+)/g)].map(([, target]) => target!);
  t.ok(runbooks.length > 0);
  for (const target of runbooks) t.equal(faultOf({ page, target }), undefined, target);
});

test('npm scripts that are named exist', async t => {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: object };
  for (const { path, text } of pages) {
    for (const [, script] of text.matchAll(/npm run ([\w:-]+)/g))
      t.ok(script! in scripts, `${path}: npm run ${script}`);
  }
});
