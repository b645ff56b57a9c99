import type { Option } from './option.ts';
import type { options } from './options.ts';

/** The value of an option as its consumer gets it. */
type ValueOf<Row> =
  Row extends Option<'daemon' | 'runtime', string, infer T, infer D>
    ? [D] extends [never]
      ? T
      : Exclude<T, undefined> | D
    : never;

type Row = (typeof options)[number];

type ByKey<Rows extends Row> = { readonly [Each in Rows as Each['key']]: ValueOf<Each> };

/** The daemon's options, by their keys; docs/configuration.md says what each means. */
export type DaemonConfig = ByKey<Extract<Row, { scope: 'daemon' }>>;

/** The options of one runtime. The primary's id is empty. */
export type RuntimeConfig = ByKey<Extract<Row, { scope: 'runtime' }>>;

/** The configuration that the proxy runs with. Durations are in ms. */
export interface ProxyConfig extends DaemonConfig {
  /** The primary first. */
  readonly runtimes: readonly [RuntimeConfig, ...RuntimeConfig[]];
  /** Name and version: for the log, and as the user agent towards runtimes. */
  readonly program: string;
  readonly userAgent: string;
  /** The proxy's own. */
  readonly version: string;
  /** The Node.js that runs it: src/base/version.ts. */
  readonly base: string;
  /** The configuration file; undefined: flags alone. */
  readonly configFile: string | undefined;
}

export type LogFormat = ProxyConfig['logFormat'];
