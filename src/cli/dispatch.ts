import { commands } from './commands/commands.ts';
import { type CommandRow, parseCommand } from './grammar/command-row.ts';
import { nearest } from './grammar/nearest.ts';
import { UsageError } from './grammar/usage-error.ts';
import { commandHelp, groupHelp, helpText } from './help/help.ts';

/** Runs the command that the first word, or the first two, name; resolves with the exit status. Throws a UsageError. */
export async function runCommand(argv: readonly string[]): Promise<number> {
  return await Promise.race([runNamed(argv), readerGone()]);
}

async function runNamed(argv: readonly string[]): Promise<number> {
  const [first = '', ...rest] = argv;
  if (first === 'help') return print(rest.length === 0 ? helpText() : helpOn(rest));
  const row = findRow(argv);
  const asksHelp = rest.slice(0, endOfOptions(rest)).some(word => /^--?h(?:elp)?$/.test(word));
  if (asksHelp) return print(helpOn(argv));
  if (row === undefined) throw unknownCommand(argv);
  const invocation = parseCommand(row, argv.slice(row.name.split(' ').length));
  const run = await row.load();
  return await run(invocation);
}

let gone: Promise<number> | undefined;

/** The reader of the output, as `head`, is gone: that ends a command, with the status of a program that SIGPIPE ends. */
function readerGone(): Promise<number> {
  gone ??= new Promise(resolve => {
    process.stdout.once('error', () => resolve(141));
  });
  return gone;
}

function findRow(argv: readonly string[]): CommandRow | undefined {
  return (
    commands.find(({ name }) => name === argv.slice(0, 2).join(' ')) ?? commands.find(({ name }) => name === argv[0])
  );
}

function endOfOptions(argv: readonly string[]): number {
  const at = argv.indexOf('--');
  return at < 0 ? argv.length : at;
}

function rowsOf(group: string): readonly CommandRow[] {
  return commands.filter(({ name }) => name.startsWith(`${group} `));
}

function helpOn(argv: readonly string[]): string {
  const row = findRow(argv);
  if (row !== undefined) return commandHelp(row);
  const group = rowsOf(argv[0]!);
  if (group.length === 0) throw unknownCommand(argv);
  return groupHelp(argv[0]!, group);
}

function unknownCommand([first = '', second]: readonly string[]): UsageError {
  const verbs = rowsOf(first).map(({ name }) => name.slice(first.length + 1));
  if (verbs.length > 0) {
    const said = second === undefined ? 'needs' : `"${second}":`;
    return new UsageError(`${first}: ${said} one of ${verbs.join(', ')} (see criproxy ${first} --help)`);
  }
  const near = nearest(
    first,
    commands.map(({ name }) => name.split(' ')[0]!),
  );
  const hint = near === undefined ? '' : `; did you mean criproxy ${near}?`;
  return new UsageError(`"${first}": there is no such command${hint} (see criproxy -help)`);
}

function print(text: string): number {
  process.stdout.write(text);
  return 0;
}
