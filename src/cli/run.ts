import { redactUrls } from '../base/redact-urls.ts';
import { formatVersion } from '../base/version.ts';
import { daemonFlags } from '../config/daemon-flags.ts';
import { givenFlags } from './grammar/flags.ts';
import { UsageError } from './grammar/usage-error.ts';

/**
 * Runs the command line; resolves with the exit status. The daemon and the commands are each loaded when they are asked for: a command
 * must not take the time and the memory of the daemon, and the daemon does not need the commands.
 */
export async function run(argv: readonly string[]): Promise<number> {
  try {
    if (argv[0] !== undefined && !argv[0].startsWith('-')) return await runCommand(argv);
    const given = givenFlags(daemonFlags, argv);
    if (given.get('help') === 'true' || given.get('h') === 'true') return await runCommand(['help']);
    if (given.get('version') === 'true') return print(`${formatVersion()}\n`);
    return await (await import('../daemon/run-daemon.ts')).runDaemon(given);
  } catch (fault) {
    process.stderr.write(`criproxy: ${redactUrls(fault instanceof Error ? fault.message : String(fault))}\n`);
    return fault instanceof UsageError ? 2 : 1;
  }
}

async function runCommand(argv: readonly string[]): Promise<number> {
  return await (await import('./dispatch.ts')).runCommand(argv);
}

function print(text: string): number {
  process.stdout.write(text);
  return 0;
}
