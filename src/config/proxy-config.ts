import type { Level } from '../base/log-level.ts';
import type { HandlerRow } from '../routing/port/handlers.ts';
import type { PinRow } from '../routing/port/pins.ts';
import type { IdForm, ImageFsChoice, ImageNames } from '../routing/port/routing-settings.ts';

/** A runtime's id in `-connect`, empty for the primary, and the path of its socket. */
export interface RuntimeAddress {
  readonly id: string;
  readonly path: string;
}

/** What the proxy runs with. */
export interface ProxyConfig {
  /** The primary first. */
  readonly runtimes: readonly [RuntimeAddress, ...RuntimeAddress[]];
  readonly listen: string;
  /** By names of clients; what is not in it is for the primary. */
  readonly handlers: readonly HandlerRow[];
  readonly pins: readonly PinRow[];
  /** Ids of runtimes by other values of the pod annotation that mean them; the primary's id is empty. */
  readonly annotations: ReadonlyMap<string, string>;
  /** How long a list waits for a runtime that has a time of its own, by id, in ms. */
  readonly listTimeouts: ReadonlyMap<string, number>;
  /** What the administrator has noted of each runtime, by id. */
  readonly labels: ReadonlyMap<string, Readonly<Record<string, string>>>;
  readonly ids: IdForm;
  /** Undefined: as `ids` has it. */
  readonly imageNames: ImageNames | undefined;
  readonly imageFs: ImageFsChoice;
  /** `http://host:port`: see absoluteUrl. */
  readonly streamBase: string;
  /** How long a list waits for one runtime, in ms. */
  readonly listTimeout: number;
  /** How old a snapshot may be to stand in for a runtime, in ms; undefined: any age. */
  readonly maxSnapshotAge: number | undefined;
  /** Where the snapshots are kept over a restart; undefined: nowhere. */
  readonly stateDir: string | undefined;
  /** Where the admin API is served; undefined: nowhere. */
  readonly adminSocket: string | undefined;
  /** Where metrics are served over TCP; undefined: nowhere. */
  readonly metrics: { readonly host: string; readonly port: number } | undefined;
  /** The base URL of an OpenTelemetry collector; undefined: none. */
  readonly otlp: string | undefined;
  readonly enableFaults: boolean;
  /** Name and version: for the log, and as the user agent towards runtimes. */
  readonly program: string;
  readonly userAgent: string;
  /** The proxy's own. */
  readonly version: string;
  /** 0 to 5; see Logger. */
  readonly level: Level;
  readonly logFormat: 'glog' | 'json' | 'journal';
  /** The configuration file; undefined: flags alone. */
  readonly configFile: string | undefined;
}
