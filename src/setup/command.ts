import { strange } from './setup-error.ts';
import type { Origin, Unit } from './unit.ts';
import { splitWords } from './words.ts';

/** One argument of a command, and where its text comes from. */
export interface Argument {
  readonly text: string;
  readonly origin: Origin;
}

const WHOLE = /^\$([A-Za-z_][A-Za-z0-9_]*)$/;
const INSIDE = /\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g;

function expandWord(unit: Unit, word: string): Argument[] {
  const own = unit.execStart.origin;
  const whole = WHOLE.exec(word)?.[1];
  if (whole !== undefined) {
    const variable = unit.environment.get(whole);
    return splitWords(variable?.value ?? '', 'value')!.map(text => ({ text, origin: variable!.origin }));
  }
  const only = /^\$\{([A-Za-z_][A-Za-z0-9_]*)\}$/.exec(word)?.[1];
  const origin = (only === undefined ? undefined : unit.environment.get(only)?.origin) ?? own;
  const text = word.replace(INSIDE, (_, name: string) => unit.environment.get(name)?.value ?? '').replace(/\$\$/g, '$');
  return [{ text, origin }];
}

/**
 * The arguments that systemd starts a unit's command with, the program first: systemd.service(5), Command lines. Throws a
 * SetupError for a command that cannot be read.
 */
export function expandCommand(unit: Unit): Argument[] {
  const { line, origin } = unit.execStart;
  const words = splitWords(line, 'unit');
  if (words === undefined)
    throw strange(origin.file, `the quotes in ExecStart= do not match: ${line}`, 'mend ExecStart=');
  const [program = '', ...rest] = words;
  const prefix = /^[-@:+!|]*/.exec(program)![0];
  const taken = prefix.includes('@') ? rest.slice(1) : rest; // with @ the first argument is only a name
  const literal = prefix.includes(':');
  return [
    { text: unit.findProgram(unit.expand(origin.file, program.slice(prefix.length))), origin },
    ...taken
      .map(word => unit.expand(origin.file, word))
      .flatMap(word => (literal ? [{ text: word, origin }] : expandWord(unit, word))),
  ];
}

/** A flag on a command line; `index` is that of the argument that holds its value. */
export interface Flag {
  readonly name: string;
  readonly value: string;
  readonly origin: Origin;
}

/** The last `--name=value` or `--name value`, which is the one that counts; undefined if the flag is not there. */
export function findFlag(args: readonly Argument[], name: string): Flag | undefined {
  let found: Flag | undefined;
  for (const [index, { text, origin }] of args.entries()) {
    const match = /^--?([^=]+)(?:=(.*))?$/s.exec(text);
    if (match === null || match[1]!.replaceAll('_', '-') !== name) continue;
    const next = args[index + 1];
    if (match[2] !== undefined) found = { name, value: match[2], origin };
    else if (next !== undefined) found = { name, value: next.text, origin: next.origin };
  }
  return found;
}
