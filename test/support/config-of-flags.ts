import { givenFlags } from '../../src/cli/grammar/flags.ts';
import { configOf } from '../../src/config/config.ts';
import { daemonFlags } from '../../src/config/daemon-flags.ts';
import { mergeOptions } from '../../src/config/load-options.ts';
import type { ProxyConfig } from '../../src/config/proxy-config.ts';

/** The daemon's configuration with these flags and no file. Throws a UsageError. */
export function configOfFlags(...argv: readonly string[]): ProxyConfig {
  return configOf(mergeOptions(givenFlags(daemonFlags, argv)));
}
