import { readFile } from 'node:fs/promises';
import { type Document, isCollection, isPair, isScalar, LineCounter, parseDocument } from 'yaml';
import { parseDuration } from '../cli/grammar/flags.ts';
import { UsageError } from '../cli/grammar/usage-error.ts';
import { configScalars } from './config-scalars.ts';
import { checkContent, type FileContent } from './config-schema.ts';
import { quoteFault, type RuntimeExtras, type Setting } from './setting.ts';

type Path = readonly (string | number)[];

/** What a configuration file says: settings by the names of their flags, and what only a file can say. */
export interface ConfigFile {
  readonly settings: ReadonlyMap<string, Setting>;
  readonly extras: readonly RuntimeExtras[];
}

/**
 * Reads a YAML file. `ids`: what it says of other runtimes is left out; undefined: nothing is. Throws a UsageError with a line
 * for each fault: file, line, the path of the value, and the remedy.
 */
export async function readConfigFile(path: string, ids?: readonly string[]): Promise<ConfigFile> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (fault) {
    throw new UsageError(`flag -config: "${path}" cannot be read: ${(fault as Error).message}`);
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  if (document.errors.length > 0) {
    const faults = document.errors.map(({ pos, message }) => `${path}:${lines.linePos(pos[0]).line}: ${message}`);
    throw new UsageError(
      isTooDeep(document) ? `${path}: lists or maps are inside one another too often` : faults.join('\n'),
    );
  }
  const lineOf = (at: Path) => lines.linePos(offsetOf(document, at)).line;
  const place = (at: Path) => `${path}:${lineOf(at)}`;
  const checked = checkContent(document.toJS());
  if ('faults' in checked) {
    const faults = checked.faults
      .sort((a, b) => lineOf(a.path) - lineOf(b.path))
      .map(fault => {
        const value = document.getIn(fault.path);
        const shown = value === undefined || isCollection(value) ? '' : ` "${String(value)}"`;
        return `${place(fault.path)}: ${showPath(fault.path)}:${shown} ${fault.text}`;
      });
    throw new UsageError(faults.join('\n'));
  }
  return readContent(checked.content, place, ids);
}

/** The parser has run out of stack, which it tells as if it were the text of a fault. */
function isTooDeep({ errors }: Document.Parsed): boolean {
  return errors.some(({ code }) => code === 'RESOURCE_EXHAUSTION');
}

/** Where the key of a value is in the text, or of what it would be in. */
function offsetOf(document: Document.Parsed, path: Path): number {
  for (let length = path.length; length > 0; length--) {
    const key = path[length - 1]!;
    const parent = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true);
    if (!isCollection(parent)) continue;
    const item = parent.items.find((each, index) =>
      isPair(each) ? isScalar(each.key) && each.key.value === key : index === key,
    );
    const node = isPair(item) ? item.key : item;
    const range = (node as { range?: [number, number, number] } | undefined)?.range;
    if (range) return range[0];
  }
  return 0;
}

function showPath(path: Path): string {
  if (path.length === 0) return 'the file';
  return path.map((key, index) => (typeof key === 'number' ? `[${key}]` : `${index > 0 ? '.' : ''}${key}`)).join('');
}

/** Entries of a flag's list, each with its path in the file. */
type Entries = Array<readonly [entry: string, path: Path]>;

function readContent(content: FileContent, place: (at: Path) => string, ids?: readonly string[]): ConfigFile {
  const settings = new Map<string, Setting>();
  for (const { flag, key } of configScalars) {
    const value = content[key];
    if (value !== undefined) settings.set(flag, setting([[String(value), [key]]], [key], place));
  }
  const runtimes = (content.runtimes ?? []).map((runtime, index) => ({ ...runtime, path: ['runtimes', index] }));
  const known = runtimes.filter(({ id = '' }) => ids === undefined || ids.includes(id));
  const connect: Entries = runtimes.map(({ id, socket, path }) =>
    id === undefined ? [socket, [...path, 'socket']] : [`${id}:${socket}`, [...path, 'id']],
  );
  const handlers: Entries = known.flatMap(({ id = '', handlers = {}, path }) =>
    Object.entries(handlers).map(
      ([name, own]) => [`${name}=${id}${own === '' ? '' : `:${own}`}`, [...path, 'handlers', name]] as const,
    ),
  );
  const pins: Entries = [
    ...(content.pins ?? []).map((glob, at) => [glob, ['pins', at]] as const),
    ...known.flatMap(({ id = '', pins = [], path }) =>
      pins.map((glob, at) => [`${id}=${glob}`, [...path, 'pins', at]] as const),
    ),
  ];
  for (const [flag, entries] of Object.entries({ connect, handlers, pin: pins })) {
    if (entries.length > 0) settings.set(flag, setting(entries, entries[0]![1], place));
  }
  return { settings, extras: known.map(runtime => extrasOf(runtime, place)) };
}

function setting(entries: Entries, path: Path, place: (at: Path) => string): Setting {
  const pathOf = (entry: string | undefined) => entries.find(([text]) => text === entry)?.[1] ?? path;
  const text = entries.map(([entry]) => entry).join(',');
  return {
    text,
    source: place(path),
    sourceOf: entry => place(pathOf(entry)),
    fail(fault, entry) {
      const at = pathOf(entry);
      return new UsageError(`${place(at)}: ${showPath(at)}: ${quoteFault(entry ?? text, fault)}`);
    },
  };
}

type FileRuntime = NonNullable<FileContent['runtimes']>[number];

function extrasOf(runtime: FileRuntime & { path: Path }, place: (at: Path) => string): RuntimeExtras {
  const { id = '', annotations = [], listTimeout, labels = {}, path } = runtime;
  return {
    id,
    annotations,
    listTimeout: listTimeout === undefined ? undefined : parseDuration(listTimeout),
    labels,
    sourceOf: key => place([...path, key]),
  };
}
