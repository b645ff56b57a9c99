import { UsageError } from '../cli/grammar/usage-error.ts';

/** A value of a flag, and where it comes from. */
export interface Setting {
  readonly text: string;
  /** `default`, `flag -NAME`, or `FILE:LINE`. */
  readonly source: string;
  /** The same for one entry of a list. */
  sourceOf(entry: string): string;
  /**
   * A usage error that says where the value is, or one entry of a list, and what is wrong with it: `is no port`, or a whole
   * sentence after a colon, `: no such folder`.
   */
  fail(fault: string, entry?: string): UsageError;
}

/** What a file may say of one runtime and a flag cannot. */
export interface RuntimeExtras {
  /** Empty for the primary. */
  readonly id: string;
  /** Values of the pod annotation that mean this runtime, besides its id. */
  readonly annotations: readonly string[];
  /** In ms; undefined: as for all. */
  readonly listTimeout: number | undefined;
  readonly labels: Readonly<Record<string, string>>;
  /** Where one of these is, `FILE:LINE`. */
  sourceOf(key: 'annotations' | 'listTimeout' | 'labels'): string;
}

/** All settings: one for each flag, by name. */
export interface Settings {
  of(name: string): Setting;
  readonly extras: readonly RuntimeExtras[];
  /** Names of the flags that are given and that the file has a value for too, which is of no effect. */
  readonly overruled?: readonly string[];
}

/** A value from the command line, or the default of its flag. */
export function flagSetting(name: string, text: string, isGiven = true): Setting {
  const source = isGiven ? `flag -${name}` : 'default';
  return {
    text,
    source,
    sourceOf: () => source,
    fail: (fault, entry = text) => new UsageError(`flag -${name}: ${quoteFault(entry, fault)}`),
  };
}

/** A value with what is wrong with it. */
export function quoteFault(value: string, fault: string): string {
  return `"${value}"${fault.startsWith(':') ? '' : ' '}${fault}`;
}
