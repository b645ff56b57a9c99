import { configOf } from './config.ts';
import { loadOptions } from './load-options.ts';
import { placementWarnings } from './placement-warnings.ts';
import { socketWarnings } from './socket-warnings.ts';

/** A line that says that the file can be used with -config, and its warnings; rejects with a UsageError if not. */
export async function checkConfig(file: string): Promise<string> {
  const config = configOf(await loadOptions(new Map([['config', file]])));
  const warnings = [...placementWarnings(config), ...(await socketWarnings(config))];
  return [
    `${file}: ok, ${config.runtimes.length} runtimes`,
    ...warnings.map(line => `${file}: warning: ${line}`),
    '',
  ].join('\n');
}
