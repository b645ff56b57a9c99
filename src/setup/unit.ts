import { posix } from 'node:path';
import { globMatcher } from '../base/glob.ts';
import { parseEnvFile } from './env-file.ts';
import { strange } from './setup-error.ts';
import { expandSpecifiers } from './specifiers.ts';
import type { Tree } from './tree.ts';
import { parseUnitFile, type UnitEntry } from './unit-file.ts';
import { splitWords } from './words.ts';

/** Where systemd looks for units, the strongest first (systemd.unit(5), table 1). */
const folders = [
  ...['/etc/systemd/system.control', '/run/systemd/system.control', '/run/systemd/transient'],
  ...['/run/systemd/generator.early', '/etc/systemd/system', '/etc/systemd/system.attached', '/run/systemd/system'],
  ...['/run/systemd/system.attached', '/run/systemd/generator', '/usr/local/lib/systemd/system'],
  ...['/usr/lib/systemd/system', '/lib/systemd/system', '/run/systemd/generator.late'],
];

/** Where systemd looks for a program that ExecStart= names without a folder (systemd.service(5), Command lines). */
const SEARCH_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** A place that text comes from; `variable` is set for an environment variable's value, `arguments` is a file of them. */
export interface Origin {
  readonly file: string;
  readonly syntax: 'unit' | 'env' | 'arguments';
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
  /** Puts the values of specifiers into a text of `file`. Throws a SetupError. */
  expand(file: string, text: string): string;
  /** The path of a program that ExecStart= names; as it is if there is none. */
  findProgram(name: string): string;
  /** The raw `Environment=` and `EnvironmentFile=` lines, in order. */
  readonly environmentLines: readonly string[];
}

/** `a-b.service.d`, then `a-.service.d` of all with that prefix, then `service.d` of all services. */
function listDropInNames(name: string): string[] {
  const parts = name.replace(/\.service$/, '').split('-');
  const prefixes = parts.slice(1).map((_, index) => `${parts.slice(0, parts.length - 1 - index).join('-')}-.service.d`);
  return [`${name}.d`, ...prefixes, 'service.d'];
}

function findDropIns(tree: Tree, name: string): string[] {
  const byName = new Map<string, string>();
  for (const folder of folders)
    for (const dropIns of listDropInNames(name).map(each => `${folder}/${each}`))
      for (const file of tree.list(dropIns))
        if (file.endsWith('.conf') && !byName.has(file)) byName.set(file, `${dropIns}/${file}`);
  return [...byName.keys()].sort().map(file => byName.get(file)!);
}

type Located = UnitEntry & { readonly file: string };

/** The entries of a list setting in force: an empty value clears the entries before it. */
function inForce(entries: readonly Located[], key: string): Located[] {
  const all = entries.filter(entry => entry.section === 'Service' && entry.key === key);
  return all.slice(all.findLastIndex(entry => entry.value === '') + 1);
}

/** The files that a pattern of paths stands for, in order. */
function findFiles(tree: Tree, pattern: string): string[] {
  let found = ['/'];
  for (const part of pattern.split('/').filter(each => each !== '')) {
    const isGlob = /[*?[]/.test(part);
    const matches = globMatcher(part);
    found = found
      .flatMap(folder => (isGlob ? tree.list(folder).filter(matches) : [part]).map(name => posix.join(folder, name)))
      .filter(path => !isGlob || tree.exists(path));
  }
  return found;
}

type Variables = Map<string, { value: string; origin: Origin }>;

/** Read after every Environment=, wherever the lines stand: systemd.exec(5), EnvironmentFile=. */
function readFiles(tree: Tree, name: string, entries: readonly Located[], found: Variables): void {
  for (const entry of inForce(entries, 'EnvironmentFile')) {
    const optional = entry.value.startsWith('-');
    const pattern = expandSpecifiers(tree, name, entry.file, entry.value.replace(/^-/, ''));
    if (pattern.includes('['))
      throw strange(entry.file, `EnvironmentFile=${entry.value} is a pattern with []`, 'name the environment files');
    const files = findFiles(tree, pattern);
    const texts = files.map(file => ({ file, text: tree.read(file) })).filter(({ text }) => text !== undefined);
    if (texts.length === 0 && !optional)
      throw strange(
        pattern,
        `${entry.file} needs this environment file, and it does not exist`,
        'finish the kubelet’s set-up',
      );
    for (const { file, text } of texts)
      for (const { name: variable, value } of parseEnvFile(text!))
        found.set(variable, { value, origin: { file, syntax: 'env', key: variable, variable } });
  }
}

function readEnvironment(tree: Tree, name: string, entries: readonly Located[]): Unit['environment'] {
  const found: Variables = new Map();
  for (const entry of inForce(entries, 'Environment'))
    for (const word of splitWords(entry.value, 'unit') ?? []) {
      const text = expandSpecifiers(tree, name, entry.file, word);
      const split = text.indexOf('=');
      const variable = text.slice(0, split);
      const origin: Origin = { file: entry.file, syntax: 'unit', key: 'Environment', variable };
      if (split > 0) found.set(variable, { value: text.slice(split + 1), origin });
    }
  readFiles(tree, name, entries, found);
  for (const word of inForce(entries, 'UnsetEnvironment').flatMap(entry => splitWords(entry.value, 'unit') ?? [])) {
    const [variable, ...rest] = word.split('=');
    if (rest.length === 0 || found.get(variable!)?.value === rest.join('=')) found.delete(variable!);
  }
  return found;
}

function findFolder(entries: readonly Located[]): string {
  const value = inForce(entries, 'WorkingDirectory').at(-1)?.value.replace(/^-/, '') || '/';
  return value === '~' ? '/root' : value;
}

/**
 * Puts a service together from its unit file and drop-ins; undefined if the node has no such unit. Throws a SetupError for a unit that
 * it does not understand: masked, or not exactly one ExecStart.
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
    environment: readEnvironment(tree, name, entries),
    folder: findFolder(entries),
    expand: (file, text) => expandSpecifiers(tree, name, file, text),
    findProgram: program => {
      if (program.startsWith('/')) return program;
      const path =
        inForce(entries, 'ExecSearchPath')
          .map(({ value }) => value)
          .join(':') || SEARCH_PATH;
      return (
        path
          .split(':')
          .map(folder => `${folder}/${program}`)
          .find(tree.exists) ?? program
      );
    },
    environmentLines: ['Environment', 'EnvironmentFile'].flatMap(key =>
      inForce(entries, key).map(entry => `${key}=${entry.value}`),
    ),
  };
}
