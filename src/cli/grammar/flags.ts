import { nearest } from './nearest.ts';
import { UsageError } from './usage-error.ts';

/** A flag for the command line, `-help` and the manual. `value`: the word that stands for its value there. */
export interface FlagRow {
  readonly name: string;
  readonly type: 'string' | 'bool' | 'int';
  readonly default: string;
  readonly value?: string;
  readonly help: string;
  /** Taken so that existing unit files keep working; does nothing. */
  readonly ignored?: boolean;
}

export type FlagValues = ReadonlyMap<string, string>;

/**
 * Reads a command line in the syntax of Go's flag package: `-name value`, `-name=value`, `--name`, booleans without a value,
 * `--` ends the flags. The result has only the flags that are on it. Throws a UsageError.
 */
export function givenFlags(rows: readonly FlagRow[], argv: readonly string[]): FlagValues {
  const values = new Map<string, string>();
  const rest = [...argv];
  while (rest.length > 0) {
    const word = rest.shift()!;
    if (word === '--' && rest.length === 0) break;
    const match = /^--?([^-=][^=]*)(?:=([\s\S]*))?$/.exec(word);
    if (match === null)
      throw new UsageError(`unexpected argument "${word}"; flags begin with "-" (see criproxy -help)`);
    const name = match[1]!;
    const row = rows.find(each => each.name === name);
    if (row === undefined) throw new UsageError(`flag -${name}: there is no such flag${suggestion(rows, name)}`);
    values.set(name, checked(row, match[2] ?? nextValue(row, rest)));
  }
  return values;
}

function nextValue(row: FlagRow, rest: string[]): string {
  if (row.type === 'bool') return 'true';
  const value = rest.shift();
  if (value === undefined) throw new UsageError(`flag -${row.name}: needs a value, ${row.value ?? row.type}`);
  return value;
}

function checked(row: FlagRow, value: string): string {
  if (row.type === 'bool' && !/^(?:1|0|t|f|true|false)$/i.test(value)) {
    throw new UsageError(`flag -${row.name}: "${value}" is not a boolean; use true or false`);
  }
  if (row.type === 'bool') return /^(?:1|t|true)$/i.test(value) ? 'true' : 'false';
  if (row.type === 'int' && !/^-?\d+$/.test(value)) {
    throw new UsageError(`flag -${row.name}: "${value}" is not a whole number; write it in digits, as ${row.default}`);
  }
  return value;
}

const units: Readonly<Record<string, number>> = { us: 1e-3, ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** A duration in the syntax of Go's time package (`1h30m`, `1.5s`, `500ms`), in ms; undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  if (!/^(?:\d+(?:\.\d+)?(?:us|ms|s|m|h))+$/.test(text)) return text === '0' ? 0 : undefined;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(us|ms|s|m|h)/g))
    total += Number(amount) * units[unit!]!;
  return total;
}

function suggestion(rows: readonly FlagRow[], name: string): string {
  const near = nearest(
    name,
    rows.map(row => row.name),
  );
  return near === undefined ? ' (see criproxy -help)' : `; did you mean -${near}?`;
}
