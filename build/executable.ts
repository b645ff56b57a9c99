import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type Architecture, architectures, ownArchitecture, readArchitecture } from './architecture.ts';
import { describeArtefact, printArtefact, writeManifest } from './artefact.ts';
import { type Base, describeBase } from './base.ts';
import { makeClassicBase } from './classic-base.ts';
import { readLinking } from './elf.ts';
import { withFixedFolder } from './fixed-folder.ts';
import { pkgCommand, runPkg } from './pkg.ts';
import { makeSeaBase } from './sea-base.ts';

const root = resolve(import.meta.dirname, '..');

/** `auto`: classic, as in a release, if pkg's static Node.js can be had, else sea. */
type Wanted = 'classic' | 'sea' | 'auto';

/**
 * The program's first statement, which tells its base. pkg puts PKG_EXECPATH into the environment of every child, and a
 * criproxy started there would take its first argument for a script. pkg leaves a variable that is already set.
 */
function markBundle(bundle: string, base: Base, to: string): void {
  const text = readFileSync(bundle, 'utf8').replace(/^"use strict";\n?/, '');
  const mark = `globalThis.criproxyBase=${JSON.stringify(describeBase(base))};process.env.PKG_EXECPATH="";`;
  writeFileSync(to, `"use strict";${mark}\n${text}`);
}

/** Throws with pkg's message. */
function compile(bundle: string, output: string, base: Base, run: (input: string) => ReturnType<typeof runPkg>): void {
  withFixedFolder(readFileSync(bundle), folder => {
    const input = join(folder, 'criproxy.cjs');
    markBundle(bundle, base, input);
    const { ok, output: said } = run(input);
    if (!ok || !existsSync(output)) throw new Error(`pkg made no executable:\n${said}`);
  });
}

function makeClassic(bundle: string, output: string, architecture: Architecture): Base | { failure: string } {
  const found = makeClassicBase(architecture);
  if ('failure' in found) return found;
  const { path, node } = found;
  const base: Base = { node, architecture, mode: 'classic', ...readLinking(path) };
  // Bytecode differs from run to run, and the sources are public.
  const plain = ['--no-bytecode', '--public', '--public-packages', '*'];
  const target = ['-t', `node${node}-linuxstatic-${architectures[architecture].npm}`, ...plain, '-o', output];
  try {
    compile(bundle, output, base, input => runPkg([pkgCommand, input, ...target], { PKG_NODE_PATH: path }));
  } finally {
    rmSync(path, { force: true });
  }
  return base;
}

function makeSea(bundle: string, output: string, architecture: Architecture): Base {
  const { path, node } = makeSeaBase(architecture);
  const base: Base = { node, architecture, mode: 'sea', ...readLinking(path) };
  const makeSea = join(import.meta.dirname, 'make-sea.ts');
  compile(bundle, output, base, input => runPkg([makeSea, input, output, node, architectures[architecture].npm]));
  return base;
}

/** Compiles `bundle` to `output`, and replaces a file that is there. Throws with pkg's message. */
export function makeExecutable(bundle: string, output: string, architecture: Architecture, wanted: Wanted): Base {
  rmSync(output, { force: true });
  if (wanted === 'sea') return makeSea(bundle, output, architecture);
  const made = makeClassic(bundle, output, architecture);
  if (!('failure' in made)) return made;
  if (wanted === 'classic') throw new Error(`there is no static Node.js to make it of:\n${made.failure}`);
  process.stdout.write(
    `no static base here, taking Node's own instead. pkg said:\n${made.failure.trim().replace(/^/gm, '  | ')}\n`,
  );
  return makeSea(bundle, output, architecture);
}

/** Runs the program if this machine can. `said` is its own description, and `node` its version of Node.js. */
function checkVersion(program: string, base: Base): { said: string; node: string } {
  if (base.architecture !== ownArchitecture())
    return { said: `Node ${base.node}, ${describeBase(base)}; not run here`, node: base.node };
  const said = execFileSync(program, ['-version'], { encoding: 'utf8' }).trim();
  const node = /Node ([\d.]+), /.exec(said)?.[1];
  if (node === undefined || !said.includes(describeBase(base))) throw new Error(`criproxy -version said only: ${said}`);
  return { said, node };
}

function main(): void {
  const { values } = parseArgs({
    options: {
      out: { type: 'string', default: join(root, 'dist') },
      arch: { type: 'string', default: ownArchitecture() },
      base: { type: 'string', default: 'auto' },
      release: { type: 'boolean', default: false },
    },
  });
  if (!/^(auto|classic|sea)$/.test(values.base)) throw new Error(`--base ${values.base}: one of auto, classic, sea`);
  const out = resolve(values.out);
  const [output, part] = [join(out, 'criproxy'), join(out, 'criproxy.part')] as const;
  const wanted = values.release ? 'classic' : (values.base as Wanted);
  mkdirSync(out, { recursive: true });
  const base = makeExecutable(join(out, 'criproxy.cjs'), part, readArchitecture(values.arch), wanted);
  if (values.release && readLinking(part).linking !== 'static')
    throw new Error(`A release must be static, and this is not: ${describeBase(base)}`);
  chmodSync(part, 0o755);
  copyFileSync(part, output);
  rmSync(part);
  const { said, node } = checkVersion(output, base);
  writeManifest(out, { base: { ...base, node }, executable: describeArtefact(output) });
  printArtefact(describeArtefact(output), said);
}

if (import.meta.main) main();
