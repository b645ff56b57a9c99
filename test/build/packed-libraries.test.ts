import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { test } from 'tap';
import { packLibraries } from '../../build/packed-libraries.ts';

const root = resolve(import.meta.dirname, '../..');
const library = 'prom-client';

/** Bundles a program into a file in `folder`. */
async function bundle(folder: string, text: string, inputs: string[]): Promise<string> {
  const entry = join(folder, 'entry.mjs');
  const outfile = join(folder, 'bundle.cjs');
  writeFileSync(entry, text);
  await build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    logLevel: 'silent',
    plugins: [packLibraries([library], root, inputs)],
  });
  return outfile;
}

test('a packed library is unpacked when it is imported, and its files are told', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'criproxy-packed-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const inputs: string[] = [];
  const program = `import('${library}').then(({ Registry }) => console.log(new Registry().contentType));`;
  const file = await bundle(folder, program, inputs);
  const { stdout, stderr } = spawnSync(process.execPath, [file], { cwd: folder, encoding: 'utf8' });
  t.match(stdout, /^text\/plain; version=/, stderr);
  t.ok(inputs.includes(`node_modules/${library}/index.js`));
  t.notMatch(readFileSync(file, 'utf8'), 'class Registry', 'its source is not there as it is');
});

test('a library that is imported statically cannot be packed', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'criproxy-packed-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  await t.rejects(bundle(folder, `import { Registry } from '${library}'; console.log(Registry);`, []), {
    message: /prom-client: use import\(\)/,
  });
});
