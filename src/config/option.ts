import type { OwnSockets } from './own-sockets.ts';
import type { Fault, ValueType } from './value-type.ts';

/** One of the entries, with a comma between them, of a flag that has values for several runtimes. */
export interface FlagEntry {
  /** The id of the runtime, empty for the primary; undefined: the value is for all. */
  readonly runtime: string | undefined;
  /** Where the option is a map. */
  readonly key?: string;
  readonly value: string;
}

export interface OptionFlag {
  readonly name: string;
  /** The placeholder of its value in help texts; the type's, if left out. */
  readonly placeholder?: string;
  /** Its help; the option's, if left out. */
  readonly help?: string;
  /** Reads one entry, where the flag has such. */
  readonly readEntry?: (text: string) => FlagEntry | Fault;
}

/** The values that a check can compare an option's value with. */
export interface Beside {
  readonly own: OwnSockets;
  /** The primary first. */
  readonly runtimes: ReadonlyArray<{
    readonly id: string;
    readonly socket: string;
    readonly handlers: Readonly<Record<string, string>>;
    readonly annotations: readonly string[];
  }>;
  /** The index of the runtime that the value is of; -1 for a value of the daemon. */
  readonly at: number;
}

/** Values of the daemon's options that defaults of others are made from. */
export interface DefaultsBase {
  readonly stateDir: string | undefined;
  readonly streamPort: number;
}

/**
 * An option. The flags, the schema of the file, every display and every text about options are made from such rows. Values from the
 * file and defaults are raw, as YAML has them; the consumer gets the value that `type` parses.
 */
export interface Option<
  Scope extends 'daemon' | 'runtime' = 'daemon' | 'runtime',
  Key extends string = string,
  T = unknown,
  D = unknown,
> {
  /** In the file: on the top level, or of each runtime. */
  readonly key: Key;
  readonly scope: Scope;
  /** Wins over the file. Rows of several scopes may have the same one. */
  readonly flag?: OptionFlag;
  readonly type: ValueType<T>;
  /** As a file would say it. */
  readonly default: unknown;
  /** A runtime in a file cannot be without it. */
  readonly required?: true;
  /** Makes its value where `type` parses undefined. */
  readonly derive?: (base: DefaultsBase) => D;
  /** Compares a value with the others, at the start and on a reload. */
  check?(value: T | D, beside: Beside): Fault | undefined;
  /** Whether a reload changes it, or only a restart can: clients, files or ids of before would be lost with another value. */
  readonly reload: Scope extends 'runtime' ? 'live' : 'live' | 'restart';
  readonly help: string;
}

export function option<const Scope extends 'daemon' | 'runtime', const Key extends string, T, D = never>(
  row: Option<Scope, Key, T, D>,
): Option<Scope, Key, T, D> {
  return row;
}
