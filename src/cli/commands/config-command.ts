import { checkConfig } from '../../config/check-config.ts';
import { configOf } from '../../config/config.ts';
import { showConfig } from '../../config/config-show.ts';
import { daemonFlags } from '../../config/daemon-flags.ts';
import { loadOptions } from '../../config/load-options.ts';
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

/** The configuration of a daemon with these flags, as a file; rejects with a UsageError. */
export async function showFlags(argv: readonly string[]): Promise<string> {
  const values = await loadOptions(givenFlags(daemonFlags, argv));
  // A configuration that the daemon would refuse is refused here too.
  configOf(values);
  return showConfig(values);
}
