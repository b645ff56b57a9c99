import { readSettings } from './config.ts';
import { showConfig } from './config-show.ts';
import { daemonFlags } from './daemon-flags.ts';
import { givenFlags } from './flags.ts';
import { loadSettings } from './load-settings.ts';
import { UsageError } from './usage-error.ts';

const usage = `Usage: criproxy config check FILE
       criproxy config show [flags]

  check  say whether FILE can be used with -config; every fault with its line
  show   print the configuration that the daemon would run with, given the same
         flags, and where each value comes from
`;

/** `criproxy config check|show`. Resolves with what is printed; rejects with a UsageError. */
export async function runConfig(argv: readonly string[]): Promise<string> {
  const [verb, ...rest] = argv;
  if (rest.some(word => /^--?h(?:elp)?$/.test(word)) || /^--?h(?:elp)?$/.test(verb ?? '')) return usage;
  if (verb === 'check') {
    const [file, ...more] = rest;
    if (file === undefined || file.startsWith('-')) throw new UsageError('config check: needs a FILE');
    if (more[0] !== undefined) throw new UsageError(`config check: "${more[0]}": one FILE is enough`);
    const config = readSettings(await loadSettings(new Map([['config', file]])));
    return `${file}: ok, ${config.runtimes.length} runtimes\n`;
  }
  if (verb === 'show') {
    const settings = await loadSettings(givenFlags(daemonFlags, rest));
    return showConfig(readSettings(settings), settings);
  }
  throw new UsageError(`config: "${verb ?? ''}": one of check, show (see criproxy config -help)`);
}
