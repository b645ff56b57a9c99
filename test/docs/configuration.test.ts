import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'tap';
import { renderPages } from '../../build/option-tables.ts';
import { configOf } from '../../src/config/config.ts';
import { loadOptions } from '../../src/config/load-options.ts';
import type { ProxyConfig } from '../../src/config/proxy-config.ts';
import { allPages, codeIn, readPage, tablesOf } from './markdown.ts';

/** The daemon's configuration from a file with this text. */
async function load(text: string): Promise<ProxyConfig> {
  const folder = mkdtempSync(join(tmpdir(), 'criproxy-docs-'));
  try {
    const file = join(folder, 'config.yaml');
    writeFileSync(file, text);
    return configOf(await loadOptions(new Map([['config', file]])));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const examples = allPages().flatMap(({ path, fences }) =>
  fences
    .filter(({ language, text }) => language === 'yaml' && /^runtimes:/m.test(text))
    .map(({ text, line }) => ({ path, text, line })),
);

test('there are examples of configuration files', async t => {
  t.ok(examples.length >= 5);
});

for (const { path, text, line } of examples) {
  test(`the configuration file in ${path}:${line} can be used`, async t => {
    t.ok((await load(text)).runtimes.length >= 1);
  });
}

const page = readPage('docs/configuration.md');
const five = page.fences.find(({ language }) => language === 'yaml')!.text;

test('the example with five runtimes is read as it is meant', async t => {
  const config = await load(five);
  t.strictSame(
    config.runtimes.map(({ id }) => id),
    ['', 'virtlet.cloud', 'kata', 'gvisor', 'crio'],
  );
  t.strictSame(config.runtimes[1], {
    id: 'virtlet.cloud',
    socket: '/run/virtlet.sock',
    handlers: { vm: '' },
    annotations: ['vm', 'virtlet'],
    retiring: false,
    retiringExcept: [],
    pins: ['virtlet.cloud/images/*'],
    listTimeout: 3_000,
    labels: {},
  });
  t.strictSame(config.runtimes[4]!.labels, { team: 'storage' });
});

/** The known keys, as the reader names them in its error for an unknown key. */
async function keysOf(text: string): Promise<string[]> {
  const fault = await load(text).catch((error: Error) => error);
  return /use one of (.+)$/m.exec((fault as Error).message)![1]!.split(', ');
}

const keyTables = tablesOf(page.prose).filter(({ header }) => header[0] === 'Key');
const documented = keyTables.map(({ rows }) => rows.map(([key = '', flag = '']) => [codeIn(key)[0]!, codeIn(flag)[0]]));

test('the tables have every key of a file once, and no other', async t => {
  const [file = [], runtime = []] = documented.map(rows => rows.map(([key]) => key));
  t.strictSame(file.sort(), (await keysOf('nokey: 1')).sort());
  t.strictSame(runtime.sort(), (await keysOf('runtimes: [{socket: /run/a.sock, nokey: 1}]')).sort());
});

for (const [path, text] of renderPages()) {
  test(`the tables of options in ${path} are as node build/option-tables.ts writes them`, async t => {
    t.equal(readPage(path).text, text);
  });
}

test('the flag of runtimeclass.md says the same as its file', async t => {
  const { text, fences } = readPage('docs/runtimeclass.md');
  const flag = /-handlers (\S+)/.exec(text)![1]!;
  const { runtimes } = await load(fences.find(fence => fence.text.startsWith('runtimes:'))!.text);
  const entries = runtimes.flatMap(({ id, handlers }) =>
    Object.entries(handlers).map(([name, own]) => `${name}=${id}${own === '' ? '' : `:${own}`}`),
  );
  t.strictSame(flag.split(',').sort(), entries.sort());
  t.equal(runtimes.length, 3);
});
