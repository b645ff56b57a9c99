import { isDeepStrictEqual } from 'node:util';
import { Document, isCollection, type Node, type Scalar } from 'yaml';
import type { Option } from './option.ts';
import type { KeyedValues, OptionValue, OptionValues } from './option-value.ts';
import { daemonOptions, runtimeOptions } from './options.ts';
import type { Path } from './value-type.ts';

/** The values in force as a configuration file, each with where it comes from behind it. */
export function showConfig(values: OptionValues): string {
  const document = new Document({});
  show(document, daemonOptions, values.daemon, []);
  for (const [index, runtime] of values.runtimes.entries()) {
    show(document, runtimeOptions, runtime, ['runtimes', index]);
  }
  return document.toString({ lineWidth: 0 });
}

function show(document: Document, rows: readonly Option[], values: KeyedValues, path: Path): void {
  if (path.length > 0) document.setIn(path, document.createNode({}));
  for (const { key, type } of rows) {
    const value = values.get(key)!;
    if (saysNothing(value)) continue;
    const node = document.createNode(type.conceal?.(value.raw) ?? value.raw) as Node;
    noteSources(node, value);
    document.setIn([...path, key], node);
  }
}

/** An empty value that is a default: the option is as if it was not there. */
function saysNothing({ raw, source }: OptionValue): boolean {
  return (
    raw === undefined ||
    (source === 'default' && (raw === '' || isDeepStrictEqual(raw, []) || isDeepStrictEqual(raw, {})))
  );
}

function noteSources(node: Node, { raw, sourceOf }: OptionValue): void {
  for (const path of leaves(raw, [])) {
    const leaf = (isCollection(node) ? node.getIn(path, true) : node) as Scalar;
    // A handler with nothing behind the colon.
    if (leaf.value === null) leaf.value = '';
    leaf.comment = ` ${sourceOf(path)}`;
  }
}

/** The paths of the values that are neither lists nor maps. */
function* leaves(raw: unknown, path: Path): Iterable<Path> {
  if (typeof raw !== 'object' || raw === null) yield path;
  else {
    for (const [key, part] of Object.entries(raw))
      yield* leaves(part, [...path, Array.isArray(raw) ? Number(key) : key]);
  }
}
