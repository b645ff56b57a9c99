import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { test } from 'tap';
import { bundle } from '../../build/bundle.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Prints the name of each module that is loaded. */
const hooks = `import { registerHooks } from 'node:module';
registerHooks({ load(url, context, next) { process._rawDebug('loaded ' + url); return next(url, context); } });`;

/** The beginning of esbuild's function that evaluates a module which is imported lazily; `fn` has the module's name as its one key. */
const lazy = /var __esm = \(.*\) => function __init\(\) \{/;

interface Program {
  readonly name: string;
  readonly args: readonly string[];
  /** Modules that every command evaluates. */
  readonly always: readonly string[];
}

const folder = mkdtempSync(join(tmpdir(), 'criproxy-loaded-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));

/** The modules of src that a command line evaluates, relative to src, and the names of packages. */
function loadedBy({ args, always }: Program, ...command: string[]): string[] {
  // The environment has no variables of the test runner, which loads modules of its own into every process.
  const { stderr } = spawnSync('env', ['-i', process.execPath, ...args, ...command], {
    encoding: 'utf8',
    timeout: 60_000,
  });
  const lines = [...always, ...[...stderr.matchAll(/^loaded (.+)$/gm)].map(([, name]) => nameOf(name!))];
  return [...new Set(lines.filter(name => !name.startsWith('node:')))].sort();
}

function nameOf(module: string): string {
  const path = module.startsWith('file:') ? relative(root, fileURLToPath(module)) : module;
  return path.replace(/^src\//, '').replace(/^.*node_modules\/((?:@[^/]+\/)?[^/]+).*$/, 'package $1');
}

async function sourceProgram(): Promise<Program> {
  const file = join(folder, 'hooks.mjs');
  writeFileSync(file, hooks);
  return { name: 'the source', args: ['--import', pathToFileURL(file).href, join(root, 'src/main.ts')], always: [] };
}

async function bundledProgram(): Promise<Program> {
  const file = await bundle('src/main.ts', folder, true);
  const text = readFileSync(file, 'utf8');
  const told = text.replace(lazy, begin => `${begin} if (fn) process._rawDebug('loaded ' + Object.keys(fn)[0]);`);
  if (told === text) throw new Error('esbuild has another way of lazy modules now');
  writeFileSync(file, told);
  // A module begins with a comment; its code is in a function if it is imported lazily.
  const modules = [...text.matchAll(/^\/\/ (src\/\S+\.ts)\n([\s\S]*?)(?=^\/\/ \S+\n|$(?![\s\S]))/gm)];
  const always = modules
    .filter(([, , code]) => !/^var init_\w+ = __esm\(/m.test(code!))
    .map(([, name]) => nameOf(name!));
  return { name: 'the bundle', args: [file], always };
}

/** Modules of the daemon. */
const daemon =
  /^(?:app|routing|log|store|systemd|watch|faults|daemon\/run-daemon)\b(?!\/port\/(?:names|routing-settings)\.ts|\/access\/allowed-methods\.ts)|^transport\/(?!sockets\/)/;

for (const program of [await sourceProgram(), await bundledProgram()]) {
  test(`${program.name}: help loads nothing but the tables of commands and flags`, async t => {
    const loaded = loadedBy(program, 'help');
    const rooms = [...new Set(loaded.map(name => name.replace(/(?:^|\/)[^/]+$/, '')))];
    t.strictSame(rooms.filter(Boolean).sort(), [
      'base',
      'cli',
      'cli/commands',
      'cli/grammar',
      'cli/help',
      'cli/setup',
      'cli/terminal',
      'cli/trace',
      'cluster',
      'config',
      'cri/tables',
      'daemon',
      'routing/access',
      'routing/port',
      'setup',
      'transport/sockets',
    ]);
    t.ok(loaded.length < 55, `${loaded.length} modules: ${loaded.join(' ')}`);
  });

  for (const command of ['help', '-version', 'status --admin-socket /no', 'trace --admin-socket /no', 'setup status']) {
    test(`${program.name}: ${command} does not load the daemon`, async t => {
      const loaded = loadedBy(program, ...command.split(' '));
      t.ok(loaded.includes('cli/run.ts'), 'modules are seen');
      t.strictSame(
        loaded.filter(name => daemon.test(name)),
        [],
      );
    });
  }

  test(`${program.name}: the daemon loads no command`, async t => {
    const loaded = loadedBy(program, '-connect', '/no/runtime.sock', '-listen', '/proc/no/criproxy.sock', '-stateDir=');
    t.ok(loaded.includes('app/proxy.ts'), 'it is the daemon');
    t.strictSame(
      loaded.filter(name => /^(?:cli\/(?!run|grammar)|setup|doctor|package)/.test(name)),
      [],
    );
  });
}
