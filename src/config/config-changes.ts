import { isDeepStrictEqual } from 'node:util';
import { runtimeLabel, runtimeName } from '../base/runtime-name.ts';
import type { Option } from './option.ts';
import { daemonOptions, runtimeOptions } from './options.ts';
import type { ProxyConfig, RuntimeConfig } from './proxy-config.ts';

/** The differences between two configurations, a line each. */
export interface ConfigChanges {
  readonly changes: readonly string[];
  /** Changes for which only a restart is the way: the values stay as they are. */
  readonly needsRestart: readonly string[];
  /** The other configuration, with what cannot change as it was. */
  readonly effective: ProxyConfig;
}

const needRestart = daemonOptions.filter(({ reload }) => reload === 'restart');
const live = daemonOptions.filter(({ reload }) => reload === 'live');

export function compareConfigs(before: ProxyConfig, after: ProxyConfig): ConfigChanges {
  const kept = Object.fromEntries(needRestart.map(({ key }) => [key, optionOf(before, key)]));
  return {
    changes: [...compareRuntimes(before.runtimes, after.runtimes), ...steps(live, before, after)],
    needsRestart: differences(needRestart, before, after).map(
      ({ row: { key }, was, is }) => `${key}: ${was} until systemctl restart criproxy, then ${is}`,
    ),
    effective: { ...after, ...kept },
  };
}

function compareRuntimes(before: readonly RuntimeConfig[], after: readonly RuntimeConfig[]): string[] {
  const isIn = (runtimes: readonly RuntimeConfig[]) => (each: RuntimeConfig) =>
    runtimes.some(({ id }) => id === each.id);
  const [stayed, staying] = [before.filter(isIn(after)), after.filter(isIn(before))];
  const [oldOrder, newOrder] = [stayed, staying].map(runtimes => runtimes.map(({ id }) => runtimeLabel(id)).join(', '));
  return [
    ...before.filter(each => !stayed.includes(each)).map(each => `${describe(each)} is removed`),
    ...after.filter(each => !staying.includes(each)).map(each => `${describe(each)} is added`),
    ...staying.flatMap(each =>
      steps(runtimeOptions, before.find(({ id }) => id === each.id)!, each).map(
        line => `${runtimeName(each.id)}: ${line}`,
      ),
    ),
    ...(oldOrder === newOrder ? [] : [`order of runtimes: ${oldOrder}, now ${newOrder}`]),
  ];
}

function describe({ id, socket }: RuntimeConfig): string {
  return `${runtimeName(id)} at ${socket}`;
}

function steps(rows: readonly Option[], before: object, after: object): string[] {
  return differences(rows, before, after).map(({ row: { key }, was, is }) => `${key}: ${was}, now ${is}`);
}

interface Difference {
  readonly row: Option;
  readonly was: string;
  readonly is: string;
}

function differences(rows: readonly Option[], before: object, after: object): Difference[] {
  return rows.flatMap(row => {
    const [was, is] = [optionOf(before, row.key), optionOf(after, row.key)];
    if (isDeepStrictEqual(was, is)) return [];
    return [{ row, was: row.type.describe(was), is: row.type.describe(is) }];
  });
}

function optionOf(config: object, key: string): unknown {
  return (config as Readonly<Record<string, unknown>>)[key];
}
