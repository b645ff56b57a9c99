import type { FlagValues } from '../cli/grammar/flags.ts';
import { readConnectEntry, splitEntries } from './flag-entries.ts';
import type { Option, OptionFlag } from './option.ts';
import { flagValue, type GivenOptions, type KeyedValues, type OptionValue } from './option-value.ts';
import { allOptions } from './options.ts';
import { nameTaken } from './runtime-rules.ts';
import { connect } from './shared-flags.ts';
import { Fault, type Shape } from './value-type.ts';

/** Values of flags that are for all runtimes, by `undefined`, and of each runtime by its id. */
type Parts = ReadonlyMap<string | undefined, OptionValue>;

/** The options that the command line gives. Throws a UsageError. */
export function readFlags(given: FlagValues): GivenOptions {
  const daemon = new Map<string, OptionValue>();
  const ofRuntimes = new Map<string, Map<string, OptionValue>>();
  for (const flag of new Set(allOptions.flatMap(row => row.flag ?? []))) {
    const text = given.get(flag.name);
    if (text === undefined || flag === connect) continue;
    const [ofDaemon, ofRuntime] = (['daemon', 'runtime'] as const).map(scope =>
      allOptions.find(row => row.flag === flag && row.scope === scope),
    );
    const parts = flag.readEntry === undefined ? readWhole(flag, text, ofDaemon!) : readParts(flag, text);
    for (const [id, value] of parts) {
      if (id === undefined) daemon.set(ofDaemon!.key, value);
      else ofRuntimes.set(id, (ofRuntimes.get(id) ?? new Map()).set(ofRuntime!.key, value));
    }
  }
  return { daemon, runtimes: readConnect(given.get(connect.name)), ofRuntimes };
}

function readWhole({ name }: OptionFlag, text: string, { type }: Option): Parts {
  return new Map([[undefined, flagValue(name, rawOf(text, type.shape), text)]]);
}

/** The text of a flag as YAML would have the value. */
function rawOf(text: string, { kind }: Shape): unknown {
  if (kind === 'int') return Number(text);
  return kind === 'boolean' ? text === 'true' : text;
}

function readConnect(text: string | undefined): KeyedValues[] | undefined {
  return text?.split(',').map(each => {
    const entry = each.trim();
    const { id, socket } = readConnectEntry(entry);
    const values = new Map([['socket', flagValue(connect.name, socket, entry)]]);
    return id === undefined ? values : values.set('id', flagValue(connect.name, id, entry));
  });
}

/** The entries of a flag for one runtime: keys, undefined in a list, with values, and the texts of the entries. */
interface Part {
  readonly entries: Array<readonly [key: string | undefined, value: string]>;
  readonly texts: Map<string | number, string>;
}

function readParts({ name, readEntry }: OptionFlag, text: string): Parts {
  const found = new Map<string | undefined, Part>();
  const keys = new Set<string>();
  for (const entry of splitEntries(text)) {
    const read = readEntry!(entry);
    if (read instanceof Fault) throw flagValue(name, entry, entry).fail(read);
    const { runtime, key, value } = read;
    const { entries, texts }: Part = found.get(runtime) ?? { entries: [], texts: new Map() };
    if (key !== undefined && keys.has(key)) throw flagValue(name, entry, entry).fail(nameTaken(key));
    if (key !== undefined) keys.add(key);
    texts.set(key ?? texts.size, entry);
    entries.push([key, value]);
    found.set(runtime, { entries, texts });
  }
  return new Map(
    [...found].map(([runtime, { entries, texts }]) => [runtime, flagValue(name, joined(entries), text, texts)]),
  );
}

function joined(entries: Part['entries']): unknown {
  const isList = entries.every(([key]) => key === undefined);
  return isList ? entries.map(([, value]) => value) : Object.fromEntries(entries);
}
