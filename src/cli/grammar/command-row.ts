import { parseArgs } from 'node:util';
import { nearest } from './nearest.ts';
import { UsageError } from './usage-error.ts';

/** An option of a command, written `--name value`, `--name=value` or with one dash. */
export interface OptionRow {
  readonly name: string;
  readonly short?: string;
  readonly type: 'string' | 'boolean';
  /** The placeholder of its value in help texts: FILE, SOCKET, FOLDER, PROGRAM are paths, `one|other` are the words it can be. */
  readonly value?: string;
  readonly default?: string;
  readonly multiple?: boolean;
  readonly help: string;
}

export interface Invocation {
  readonly values: Readonly<Record<string, string | boolean | readonly (string | boolean)[] | undefined>>;
  readonly positionals: readonly string[];
}

/** A command of the program, for its run, `-help`, the man page and the completion of shells. */
export interface CommandRow {
  /** With its verb, if there are several: `config show`. */
  readonly name: string;
  /** The words behind the name and the options: `FILE`; `[LEVEL]`, which may be left out; `NAME...`, one or more. */
  readonly operands?: string;
  readonly summary: string;
  readonly options: readonly OptionRow[];
  /** Its words are flags of the daemon: it gets them unread, as positionals. */
  readonly takesFlags?: boolean;
  /** Paragraphs below the options. */
  readonly notes?: readonly string[];
  /** The meanings of its exit statuses, besides 0 done, 1 failed and 2 wrong use. */
  readonly exits?: Readonly<Record<number, string>>;
  /**
   * Loads the command when it is asked for, since the daemon does not need it. Resolves with the function that runs it, which resolves
   * with the exit status.
   */
  load(): Promise<(invocation: Invocation) => Promise<number>>;
}

/** Reads the words behind a command's name. Throws a UsageError. */
export function parseCommand(row: CommandRow, argv: readonly string[]): Invocation {
  if (row.takesFlags === true) return { values: {}, positionals: argv };
  const options = Object.fromEntries(
    row.options.map(({ name, type, short, default: standard, multiple }) => [
      name,
      {
        type,
        ...(short !== undefined && { short }),
        ...(multiple === true && { multiple }),
        ...(standard !== undefined && { default: multiple === true ? [standard] : standard }),
      },
    ]),
  );
  const args = argv.map(word => twoDashes(row, word));
  try {
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
    checkOperands(row, positionals);
    return { values: values as Invocation['values'], positionals };
  } catch (fault) {
    if (fault instanceof UsageError) throw fault;
    throw new UsageError(`${row.name}: ${describe(row, fault as Error)} (see criproxy ${row.name} --help)`);
  }
}

/** The daemon's flags have one dash, so options of commands may have one too. */
function twoDashes(row: CommandRow, word: string): string {
  const name = /^-([a-z][a-z-]+)(?:=|$)/.exec(word)?.[1];
  return row.options.some(option => option.name === name) ? `-${word}` : word;
}

function describe(row: CommandRow, fault: Error): string {
  const unknown = /^Unknown option '(-+([^']*))'/.exec(fault.message);
  if (unknown === null) return fault.message.split('\n')[0]!.replace(/\.$/, '');
  const [, written, name] = unknown;
  const near = nearest(
    name!,
    row.options.map(option => option.name),
  );
  return `there is no option ${written}${near === undefined ? '' : `; did you mean --${near}?`}`;
}

function checkOperands(row: CommandRow, given: readonly string[]): void {
  const wanted = row.operands?.split(' ') ?? [];
  const missing = wanted.filter(word => !word.startsWith('['))[given.length];
  if (missing !== undefined) throw new UsageError(`${row.name}: needs a ${missing} (see criproxy ${row.name} --help)`);
  const surplus = wanted.some(word => word.includes('...')) ? undefined : given[wanted.length];
  if (surplus === undefined) return;
  const enough = wanted.length === 0 ? 'takes options only' : `takes only ${row.operands}`;
  throw new UsageError(`${row.name}: "${surplus}": ${enough} (see criproxy ${row.name} --help)`);
}
