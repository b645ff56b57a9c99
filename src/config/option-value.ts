import { redactUrls } from '../base/redact-urls.ts';
import { UsageError } from '../cli/grammar/usage-error.ts';
import type { Option } from './option.ts';
import type { Fault, Path } from './value-type.ts';

/** The value of an option as YAML has it, and where it comes from. */
export interface OptionValue {
  readonly raw: unknown;
  /** `default`, `flag -NAME`, or `FILE:LINE`. */
  readonly source: string;
  /** The same for a part of it. */
  sourceOf(path: Path): string;
  /** A usage error that says where the value is, or the part of it, and what is wrong. */
  fail(fault: Fault): UsageError;
}

/** Values by the keys of their options. */
export type KeyedValues = ReadonlyMap<string, OptionValue>;

/** The values of one source, the flags or the file. */
export interface GivenOptions {
  readonly daemon: KeyedValues;
  /** The list of runtimes, the primary first; undefined: the source has none. */
  readonly runtimes: readonly KeyedValues[] | undefined;
  /** The other options of each runtime, by its id; the primary's is empty. */
  readonly ofRuntimes: ReadonlyMap<string, KeyedValues>;
}

/** A value of every option, from one source or another. */
export interface OptionValues {
  readonly daemon: KeyedValues;
  readonly runtimes: readonly KeyedValues[];
  /** Names of the flags that are given and overrule values of the file. */
  readonly overruled: readonly string[];
  readonly configFile: string | undefined;
}

/** `texts`: of the parts by their first key, for errors; the whole text, where there is none. */
export function flagValue(
  name: string,
  raw: unknown,
  text: string,
  texts: ReadonlyMap<string | number, string> = new Map(),
): OptionValue {
  const source = `flag -${name}`;
  return {
    raw,
    source,
    sourceOf: () => source,
    fail: ({ text: fault, path, shown }) =>
      new UsageError(`${source}: ${quoteFault(shown ?? texts.get(path[0] ?? '') ?? text, fault)}`),
  };
}

export function defaultValue({ key, flag, default: raw }: Option): OptionValue {
  const shown = raw === undefined ? '' : String(raw);
  return { ...flagValue(flag?.name ?? key, raw, shown), source: 'default', sourceOf: () => 'default' };
}

/** A value with what is wrong with it. */
export function quoteFault(value: string, fault: string): string {
  return `"${redactUrls(value)}"${fault.startsWith(':') ? '' : ' '}${fault}`;
}
