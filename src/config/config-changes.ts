import { isDeepStrictEqual } from 'node:util';
import { runtimeLabel, runtimeName } from '../base/runtime-name.ts';
import type { ProxyConfig, RuntimeAddress } from './proxy-config.ts';

/** What another configuration is about, a line a change. */
export interface ConfigChanges {
  readonly changes: readonly string[];
  /** What only a restart can change: it stays as it is. */
  readonly needsRestart: readonly string[];
  /** The other configuration, with what cannot change as it was. */
  readonly effective: ProxyConfig;
}

/** Whoever has a connection, a file or an id of before would be cut off from it, or take it for another's. */
const fixed = [
  'listen',
  'ids',
  'stateDir',
  'adminSocket',
  'metrics',
  'otlp',
  'enableFaults',
  'logFormat',
] as const satisfies ReadonlyArray<keyof ProxyConfig>;

type Show = (config: ProxyConfig) => string;

/** What has one value, by its name in the configuration file. */
const single: ReadonlyArray<readonly [name: string, show: Show]> = [
  ['logLevel', ({ level }) => String(level)],
  ['imageNames', ({ imageNames }) => imageNames ?? 'as ids'],
  ['imageFs', ({ imageFs }) => imageFs],
  ['streamUrl', ({ streamBase }) => streamBase],
  ['listTimeout', ({ listTimeout }) => `${listTimeout} ms`],
  ['maxSnapshotAge', ({ maxSnapshotAge: age }) => (age === undefined ? 'no limit' : `${age} ms`)],
  ['pins', ({ pins }) => list(pins.filter(each => each.runtime === undefined).map(each => each.glob))],
];

/** What each runtime has a value of. */
const each: ReadonlyArray<readonly [name: string, show: (config: ProxyConfig, id: string) => string]> = [
  ['socket', ({ runtimes }, id) => runtimes.find(runtime => runtime.id === id)!.path],
  [
    'handlers',
    ({ handlers }, id) =>
      list(
        handlers
          .filter(row => row.runtime === id)
          .map(({ name, handler }) => (handler === '' ? name : `${name} (there ${handler})`)),
      ),
  ],
  [
    'annotations',
    ({ annotations }, id) => list([...annotations].flatMap(([value, owner]) => (owner === id ? [value] : []))),
  ],
  ['pins', ({ pins }, id) => list(pins.filter(pin => pin.runtime === id).map(pin => pin.glob))],
  ['listTimeout', ({ listTimeouts }, id) => (listTimeouts.has(id) ? `${listTimeouts.get(id)} ms` : 'as for all')],
  ['labels', ({ labels }, id) => list(Object.entries(labels.get(id) ?? {}).map(([key, text]) => `${key}=${text}`))],
];

export function compareConfigs(before: ProxyConfig, after: ProxyConfig): ConfigChanges {
  const changed = fixed.filter(key => !isDeepStrictEqual(before[key], after[key]));
  const kept = Object.fromEntries(fixed.map(key => [key, before[key]])) as Pick<ProxyConfig, (typeof fixed)[number]>;
  const [old, now] = [before.runtimes, after.runtimes].map(runtimes => runtimes.map(({ id }) => id)) as [
    string[],
    string[],
  ];
  const staying = now.filter(id => old.includes(id));
  const stayed = old.filter(id => now.includes(id));
  return {
    needsRestart: changed.map(
      key => `${key}: ${text(before[key])} until systemctl restart criproxy, then ${text(after[key])}`,
    ),
    effective: { ...after, ...kept },
    changes: [
      ...before.runtimes.filter(({ id }) => !now.includes(id)).map(address => `${describe(address)} is removed`),
      ...after.runtimes.filter(({ id }) => !old.includes(id)).map(address => `${describe(address)} is added`),
      ...staying.flatMap(id =>
        changesOf(
          each,
          show => show(before, id),
          show => show(after, id),
        ).map(line => `${runtimeName(id)}: ${line}`),
      ),
      ...(isDeepStrictEqual(staying, stayed)
        ? []
        : [step('order of runtimes', list(stayed.map(runtimeLabel)), list(staying.map(runtimeLabel)))]),
      ...changesOf(
        single,
        show => show(before),
        show => show(after),
      ),
    ],
  };
}

function describe({ id, path }: RuntimeAddress): string {
  return `${runtimeName(id)} at ${path}`;
}

function changesOf<S>(
  rows: ReadonlyArray<readonly [name: string, show: S]>,
  before: (show: S) => string,
  after: (show: S) => string,
): string[] {
  return rows.flatMap(([name, show]) => {
    const [was, is] = [before(show), after(show)];
    return was === is ? [] : [step(name, was, is)];
  });
}

function step(name: string, was: string, is: string): string {
  return `${name}: ${was}, now ${is}`;
}

function list(entries: readonly string[]): string {
  return entries.length === 0 ? 'none' : entries.join(', ');
}

function text(value: unknown): string {
  if (value === undefined) return 'none';
  if (typeof value === 'object' && value !== null && 'host' in value && 'port' in value) {
    return `${String(value.host)}:${String(value.port)}`;
  }
  return String(value);
}
