import { configOf } from '../../config/config.ts';
import { showConfig } from '../../config/config-show.ts';
import { daemonFlags } from '../../config/daemon-flags.ts';
import { loadOptions } from '../../config/load-options.ts';
import { placementWarnings } from '../../config/placement-warnings.ts';
import type { Invocation } from '../grammar/command-row.ts';
import { givenFlags } from '../grammar/flags.ts';

/** `criproxy config check FILE`. Throws a UsageError for a file that cannot be used. */
export async function runConfigCheck({ positionals }: Invocation): Promise<number> {
  process.stdout.write(await checkConfig(positionals[0]!));
  return 0;
}

/** `criproxy config show [flags]`. */
export async function runConfigShow({ positionals }: Invocation): Promise<number> {
  process.stdout.write(await showFlags(positionals));
  return 0;
}

/** A line that says that the file can be used; rejects with a UsageError if not. */
export async function checkConfig(file: string): Promise<string> {
  const config = configOf(await loadOptions(new Map([['config', file]])));
  const warnings = placementWarnings(config).map(line => `${file}: warning: ${line}\n`);
  return `${file}: ok, ${config.runtimes.length} runtimes\n${warnings.join('')}`;
}

/** The configuration of a daemon with these flags, as a file; rejects with a UsageError. */
export async function showFlags(argv: readonly string[]): Promise<string> {
  const values = await loadOptions(givenFlags(daemonFlags, argv));
  // A configuration that the daemon would refuse is refused here too.
  configOf(values);
  return showConfig(values);
}
