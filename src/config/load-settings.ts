import type { FlagValues } from '../cli/grammar/flags.ts';
import { idsIn } from './config.ts';
import { daemonFlags } from './daemon-flags.ts';
import { flagSetting, type Settings } from './setting.ts';

const defaults = new Map(daemonFlags.map(row => [row.name, row.default]));

/** The flags that are given, above the file that -config names, above the defaults. Throws a UsageError. */
export async function loadSettings(given: FlagValues): Promise<Settings> {
  const path = given.get('config') ?? '';
  const connect = given.get('connect');
  // Loaded when it is asked for: a daemon without a file has no use for a YAML reader and a schema.
  const file =
    path === ''
      ? undefined
      : await (await import('./config-file.ts')).readConfigFile(
          path,
          connect === undefined ? undefined : idsIn(connect),
        );
  return {
    of(name) {
      const text = given.get(name);
      if (text !== undefined) return flagSetting(name, text);
      return file?.settings.get(name) ?? flagSetting(name, defaults.get(name)!, false);
    },
    extras: file?.extras ?? [],
    overruled: [...(file?.settings.keys() ?? [])].filter(name => given.has(name)),
  };
}
