import { readFile } from 'node:fs/promises';
import { type Document, isCollection, isPair, isScalar, LineCounter, parseDocument } from 'yaml';
import { UsageError } from '../cli/grammar/usage-error.ts';
import { checkContent, type FileContent } from './config-schema.ts';
import type { Option } from './option.ts';
import { type GivenOptions, type KeyedValues, type OptionValue, quoteFault } from './option-value.ts';
import { daemonOptions, runtimeOptions } from './options.ts';
import { connect } from './shared-flags.ts';
import type { Fault, Path } from './value-type.ts';

/**
 * Reads a YAML file. Rejects with a UsageError that has a line for each fault: file, line, the path of the value, and the remedy.
 */
export async function readConfigFile(path: string): Promise<GivenOptions> {
  const file = new YamlFile(path, await readText(path));
  const checked = checkContent(file.content());
  if ('content' in checked) return readContent(checked.content, file);
  const faults = checked.faults.map(({ path: at, text, shown }) => ({
    line: file.lineOf(at),
    error: file.fail(at, text, shown),
  }));
  throw new UsageError(
    faults
      .sort((a, b) => a.line - b.line)
      .map(({ error }) => error.message)
      .join('\n'),
  );
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (fault) {
    throw new UsageError(`flag -config: "${path}" cannot be read: ${(fault as Error).message}`);
  }
}

/** A file, and where its values are in it. */
class YamlFile {
  readonly document: Document.Parsed;
  private readonly path: string;
  private readonly lines = new LineCounter();

  constructor(path: string, text: string) {
    this.path = path;
    this.document = parseDocument(text, { lineCounter: this.lines, prettyErrors: false });
    const { errors } = this.document;
    // The parser has run out of stack, which it tells as if it were the text of a fault.
    if (errors.some(({ code }) => code === 'RESOURCE_EXHAUSTION')) {
      throw new UsageError(`${path}: lists or maps are inside one another too often`);
    }
    if (errors.length > 0) {
      const faults = errors.map(({ pos, message }) => `${path}:${this.lines.linePos(pos[0]).line}: ${message}`);
      throw new UsageError(faults.join('\n'));
    }
  }

  /** As plain data. */
  content(): unknown {
    try {
      return this.document.toJS();
    } catch (fault) {
      // Aliases of aliases, which would fill the memory.
      throw new UsageError(`${this.path}: ${(fault as Error).message}`);
    }
  }

  lineOf(at: Path): number {
    return this.lines.linePos(offsetOf(this.document, at)).line;
  }

  /** `FILE:LINE` of a value. */
  place(at: Path): string {
    return `${this.path}:${this.lineOf(at)}`;
  }

  fail(at: Path, fault: string, shown?: string): UsageError {
    const value = this.document.getIn(at);
    const text = shown ?? (value === undefined || isCollection(value) ? undefined : String(value));
    return new UsageError(
      `${this.place(at)}: ${showPath(at)}: ${text === undefined ? fault : quoteFault(text, fault)}`,
    );
  }
}

/** Where the key of a value is in the text, or that of the value around it. */
function offsetOf(document: Document.Parsed, path: Path): number {
  for (let length = path.length; length > 0; length--) {
    const key = path[length - 1]!;
    const parent = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true);
    if (!isCollection(parent)) continue;
    const item = parent.items.find((each, index) =>
      isPair(each) ? isScalar(each.key) && String(each.key.value) === key : index === key,
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

function readContent(content: FileContent, file: YamlFile): GivenOptions {
  const { runtimes, ...daemon } = content;
  const isListed = ({ flag }: Option) => flag === connect;
  const listed = runtimeOptions.filter(isListed);
  const others = runtimeOptions.filter(row => !isListed(row));
  return {
    daemon: readKeys(daemonOptions, daemon, [], file),
    runtimes: runtimes?.map((runtime, index) => readKeys(listed, runtime, ['runtimes', index], file)),
    ofRuntimes: new Map(
      runtimes?.map((runtime, index) => [
        String(runtime['id'] ?? ''),
        readKeys(others, runtime, ['runtimes', index], file),
      ]),
    ),
  };
}

function readKeys(
  rows: readonly Option[],
  content: Readonly<Record<string, unknown>>,
  path: Path,
  file: YamlFile,
): KeyedValues {
  const given = rows.filter(({ key }) => content[key] !== undefined);
  return new Map(given.map(({ key }) => [key, fileValue(content[key], [...path, key], file)]));
}

function fileValue(raw: unknown, path: Path, file: YamlFile): OptionValue {
  return {
    raw,
    source: file.place(path),
    sourceOf: part => file.place([...path, ...part]),
    fail: ({ text, path: part, shown }: Fault) => file.fail([...path, ...part], text, shown),
  };
}
