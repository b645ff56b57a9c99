import type { FlagValues } from '../cli/grammar/flags.ts';
import { readFlags } from './flag-values.ts';
import type { Option } from './option.ts';
import { defaultValue, type GivenOptions, type KeyedValues, type OptionValues } from './option-value.ts';
import { daemonOptions, runtimeOptions } from './options.ts';
import { connect } from './shared-flags.ts';
import { Fault } from './value-type.ts';

const nothing: GivenOptions = { daemon: new Map(), runtimes: undefined, ofRuntimes: new Map() };

/** The flags that are given, above the file that -config names, above the defaults. Rejects with a UsageError. */
export async function loadOptions(given: FlagValues): Promise<OptionValues> {
  const path = given.get('config') ?? '';
  // Loaded when it is asked for: a daemon without a file has no use for a YAML reader and a schema.
  const file = path === '' ? nothing : await (await import('./config-file.ts')).readConfigFile(path);
  return mergeOptions(given, file);
}

/** Throws a UsageError. */
export function mergeOptions(given: FlagValues, file: GivenOptions = nothing): OptionValues {
  const flags = readFlags(given);
  const isGiven = ({ flag }: Option) => flag !== undefined && given.has(flag.name);
  const runtimes = flags.runtimes ?? file.runtimes ?? [new Map()];
  checkIds(flags, runtimes);
  return {
    daemon: fill(daemonOptions, row => (isGiven(row) ? flags : file).daemon.get(row.key)),
    runtimes: runtimes.map(listed => {
      const id = idOf(listed);
      return fill(runtimeOptions, row =>
        row.flag === connect ? listed.get(row.key) : (isGiven(row) ? flags : file).ofRuntimes.get(id)?.get(row.key),
      );
    }),
    overruled: [...overruled(file, isGiven)],
    configFile: given.get('config') || undefined,
  };
}

function fill<Row extends Option>(
  rows: readonly Row[],
  find: (row: Row) => KeyedValues extends ReadonlyMap<string, infer V> ? V | undefined : never,
): KeyedValues {
  return new Map(rows.map(row => [row.key, find(row) ?? defaultValue(row)]));
}

function idOf(listed: KeyedValues): string {
  return String(listed.get('id')?.raw ?? '');
}

/** A flag, unlike the file, cannot be for a runtime that is not in the list. */
function checkIds({ ofRuntimes }: GivenOptions, runtimes: readonly KeyedValues[]): void {
  const ids = runtimes.map(idOf);
  for (const [id, values] of ofRuntimes) {
    if (ids.includes(id)) continue;
    const known = ids.filter(each => each !== '').map(each => `"${each}"`);
    const others = known.length === 0 ? '' : `one of ${known.join(', ')}, or `;
    const [value] = values.values();
    const part = Object.keys(value!.raw as object)[0]!;
    const key = Array.isArray(value!.raw) ? Number(part) : part;
    throw value!.fail(
      new Fault(`is for the runtime "${id}", which is not configured; use ${others}nothing for the primary`, [key]),
    );
  }
}

function* overruled(file: GivenOptions, isGiven: (row: Option) => boolean): Iterable<string> {
  const names = new Set<string>();
  const ofRuntimes = [...file.ofRuntimes.values()];
  for (const row of [...daemonOptions, ...runtimeOptions]) {
    const isInFile =
      row.flag === connect
        ? file.runtimes !== undefined
        : row.scope === 'daemon'
          ? file.daemon.has(row.key)
          : ofRuntimes.some(values => values.has(row.key));
    if (isInFile && isGiven(row)) names.add(row.flag!.name);
  }
  yield* names;
}
