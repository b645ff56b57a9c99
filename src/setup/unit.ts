import { parseEnvFile } from './env-file.ts';
import { strange } from './error.ts';
import type { Tree } from './tree.ts';
import { parseUnitFile, type UnitEntry } from './unit-file.ts';
import { splitWords } from './words.ts';

/** Where systemd looks for units, the strongest first (systemd.unit(5)). */
const folders = ['/etc', '/run', '/usr/local/lib', '/usr/lib', '/lib'].map(base => `${base}/systemd/system`);

/** A place that text comes from. `entry` is of a unit file; `variable` is set for an environment variable's value. */
export interface Origin {
  readonly file: string;
  readonly syntax: 'unit' | 'env';
  readonly key: string;
  readonly variable?: string;
}

/** A service as its unit file and drop-ins make it together. */
export interface Unit {
  readonly name: string;
  /** The unit file, then its drop-ins in order. */
  readonly files: readonly string[];
  readonly execStart: { readonly line: string; readonly origin: Origin };
  readonly environment: ReadonlyMap<string, { readonly value: string; readonly origin: Origin }>;
  /** WorkingDirectory=, in which the command's relative paths begin. */
  readonly folder: string;
  /** The raw `Environment=` and `EnvironmentFile=` lines, in order. */
  readonly environmentLines: readonly string[];
}

function findDropIns(tree: Tree, name: string): string[] {
  const byName = new Map<string, string>();
  for (const folder of folders)
    for (const file of tree.list(`${folder}/${name}.d`))
      if (file.endsWith('.conf') && !byName.has(file)) byName.set(file, `${folder}/${name}.d/${file}`);
  return [...byName.keys()].sort().map(file => byName.get(file)!);
}

type Located = UnitEntry & { readonly file: string };

/** The entries of a list setting in force: an empty value clears those before it. */
function inForce(entries: readonly Located[], key: string): Located[] {
  const all = entries.filter(entry => entry.section === 'Service' && entry.key === key);
  return all.slice(all.findLastIndex(entry => entry.value === '') + 1);
}

function readEnvironment(tree: Tree, entries: readonly Located[]): Unit['environment'] {
  const found = new Map<string, { value: string; origin: Origin }>();
  for (const entry of inForce(entries, 'Environment'))
    for (const word of splitWords(entry.value) ?? []) {
      const split = word.indexOf('=');
      const variable = word.slice(0, split);
      const origin: Origin = { file: entry.file, syntax: 'unit', key: 'Environment', variable };
      if (split > 0) found.set(variable, { value: word.slice(split + 1), origin });
    }
  // Read after every Environment=, wherever the lines stand: systemd.exec(5), EnvironmentFile=.
  for (const entry of inForce(entries, 'EnvironmentFile')) {
    const optional = entry.value.startsWith('-');
    const file = optional ? entry.value.slice(1) : entry.value;
    if (/[*?[%]/.test(file))
      throw strange(entry.file, `EnvironmentFile=${entry.value} is a pattern`, 'name the environment files one by one');
    const text = tree.read(file);
    if (text === undefined && !optional)
      throw strange(
        file,
        `${entry.file} needs this environment file, and it does not exist`,
        'finish the kubelet’s set-up',
      );
    for (const { name, value } of parseEnvFile(text ?? ''))
      found.set(name, { value, origin: { file, syntax: 'env', key: name, variable: name } });
  }
  return found;
}

function findFolder(entries: readonly Located[]): string {
  const value = inForce(entries, 'WorkingDirectory').at(-1)?.value.replace(/^-/, '') || '/';
  return value === '~' ? '/root' : value;
}

/**
 * Puts a service together from its unit file and drop-ins; undefined if the node has no such unit. Throws a SetupError for
 * what it does not understand: masked, or not exactly one ExecStart.
 */
export function loadUnit(tree: Tree, name: string): Unit | undefined {
  const fragment = folders.map(folder => `${folder}/${name}`).find(path => tree.exists(path));
  if (fragment === undefined) return undefined;
  const files = [fragment, ...findDropIns(tree, name)];
  if (tree.read(fragment) === '') throw strange(fragment, 'the unit is masked (empty)', `systemctl unmask ${name}`);
  const entries = files.flatMap(file => parseUnitFile(tree.read(file) ?? '').map(entry => ({ ...entry, file })));
  const starts = inForce(entries, 'ExecStart');
  const start = starts[0];
  if (start === undefined || starts.length > 1)
    throw strange(files.at(-1)!, `${name} has ${starts.length} ExecStart= lines`, 'give it one command');
  return {
    name,
    files,
    execStart: { line: start.value, origin: { file: start.file, syntax: 'unit', key: 'ExecStart' } },
    environment: readEnvironment(tree, entries),
    folder: findFolder(entries),
    environmentLines: ['Environment', 'EnvironmentFile'].flatMap(key =>
      inForce(entries, key).map(entry => `${key}=${entry.value}`),
    ),
  };
}
