import { formatVersion, version } from '../base/version.ts';
import { UsageError } from '../cli/grammar/usage-error.ts';
import type { Beside, DefaultsBase, Option } from './option.ts';
import type { KeyedValues, OptionValues } from './option-value.ts';
import { daemonOptions, runtimeOptions } from './options.ts';
import type { DaemonConfig, ProxyConfig, RuntimeConfig } from './proxy-config.ts';
import { Fault } from './value-type.ts';

/** The configuration that the daemon runs with. Throws a UsageError that has a line for each fault. */
export function configOf(values: OptionValues): ProxyConfig {
  const faults: UsageError[] = [];
  const parsed = parse<DaemonConfig>(daemonOptions, values.daemon, faults);
  const runtimes = values.runtimes.map(each => parse<RuntimeConfig>(runtimeOptions, each, faults));
  refuse(faults);
  const daemon = derive(parsed);
  check(daemonOptions, daemon, values.daemon, { own: daemon, runtimes, at: -1 }, faults);
  for (const [at, runtime] of runtimes.entries()) {
    check(runtimeOptions, runtime, values.runtimes[at]!, { own: daemon, runtimes, at }, faults);
  }
  refuse(faults);
  return {
    ...daemon,
    runtimes: runtimes as unknown as ProxyConfig['runtimes'],
    program: formatVersion(),
    userAgent: `criproxy/${version.version}`,
    version: version.version,
    base: version.base,
    configFile: values.configFile,
  };
}

function parse<Config>(rows: readonly Option[], values: KeyedValues, faults: UsageError[]): Config {
  const parsed = rows.map(({ key, type }) => {
    const value = values.get(key)!;
    const meant = type.parse(value.raw);
    if (meant instanceof Fault) faults.push(value.fail(meant));
    return [key, meant] as const;
  });
  return Object.fromEntries(parsed) as Config;
}

function derive(parsed: DaemonConfig): DaemonConfig {
  const given: Readonly<Record<string, unknown>> = parsed;
  const base: DefaultsBase = parsed;
  const derived = daemonOptions.flatMap(row =>
    row.derive !== undefined && given[row.key] === undefined ? [[row.key, row.derive(base)] as const] : [],
  );
  return { ...parsed, ...Object.fromEntries(derived) };
}

function check(
  rows: readonly Option[],
  config: object,
  values: KeyedValues,
  beside: Beside,
  faults: UsageError[],
): void {
  const parsed = config as Readonly<Record<string, unknown>>;
  for (const row of rows) {
    const fault = row.check?.(parsed[row.key], beside);
    if (fault !== undefined) faults.push(values.get(row.key)!.fail(fault));
  }
}

function refuse(faults: readonly UsageError[]): void {
  if (faults.length > 0) throw new UsageError(faults.map(({ message }) => message).join('\n'));
}
