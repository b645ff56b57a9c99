import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../base/logger.ts';
import type { HandlerRow } from '../routing/handlers.ts';
import { NodeState } from '../routing/node-state.ts';
import type { IdForm } from '../routing/owners.ts';
import type { PinRow } from '../routing/pins.ts';
import type { ImageFsChoice } from '../routing/plan.ts';
import { Runtimes } from '../routing/runtimes.ts';
import { routedService } from '../routing/service.ts';
import { SnapshotKeeper } from '../routing/snapshot-keeper.ts';
import { makeDial } from '../transport/grpc/client.ts';
import { serve } from '../transport/grpc/server.ts';
import { clearSocketFile, listenOn } from '../transport/socket-file.ts';
import { type LinkedRuntime, linkedRuntime, type RuntimeAddress } from './linked-runtime.ts';
import { snapshotStore } from './snapshot-store.ts';
import { usedShare } from './used-share.ts';

/** How long a call waits for a primary that is not up, in ms: over a restart, within a client's patience. */
const PRIMARY_WAIT = 5_000;

/** How long the start waits for runtimes that are neither up nor down, but hang, in ms. */
const FIRST_TRY = 2_000;

/** How long calls in flight may take to finish when the proxy stops, in ms; systemd kills after 90 s. */
const DRAIN = 30_000;

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
  readonly imageFs: ImageFsChoice;
  /** `http://host:port`: see absoluteUrl. */
  readonly streamBase: string;
  /** How long a list waits for one runtime, in ms. */
  readonly listTimeout: number;
  /** How old a snapshot may be to stand in for a runtime, in ms; undefined: any age. */
  readonly maxSnapshotAge: number | undefined;
  /** Where the snapshots are kept over a restart; undefined: nowhere. */
  readonly stateDir: string | undefined;
  /** Name and version: for the log, and as the user agent towards runtimes. */
  readonly program: string;
  readonly userAgent: string;
  /** The proxy's own. */
  readonly version: string;
}

export interface Proxy {
  /** Finishes the calls in flight, then lets go of everything. */
  stop(): Promise<void>;
}

/** Starts the proxy: from here on it serves, whether or not its runtimes are up. Throws a SocketFileError for `listen`. */
export async function startProxy(config: ProxyConfig, log: Logger): Promise<Proxy> {
  // First, so that nothing has to be undone: another process may be serving there.
  await clearSocketFile(config.listen);
  log.info(0, `${config.program} starts, pid ${process.pid}`);

  // A link a runtime; one that is down is nobody else's matter.
  const dial = makeDial({ userAgent: config.userAgent });
  const [primary, ...others] = config.runtimes.map(address => linkedRuntime(address, dial, log));
  const linked: readonly [LinkedRuntime, ...LinkedRuntime[]] = [primary!, ...others];
  const runtimes = new Runtimes(linked, config.handlers, config.annotations);

  // What stands in for a runtime that is down, so that no list is ever short.
  const node = new NodeState(runtimes, config.maxSnapshotAge, log);

  // What was known before a restart, so that a runtime that is not up yet is not taken for empty.
  const keeper =
    config.stateDir === undefined
      ? undefined
      : await SnapshotKeeper.open(runtimes, node, snapshotStore(config.stateDir, log), await readBootId(), log);

  // All of CRI, in all packages, over these runtimes.
  const settings = { ...config, primaryWait: PRIMARY_WAIT, usedShare };
  const service = routedService(runtimes, settings, node, log);

  // Before the first call can come, so that the first list finds the runtimes that are up, and is not short of them.
  for (const runtime of linked) runtime.start();
  await Promise.race([Promise.all(linked.map(runtime => runtime.tried)), sleep(FIRST_TRY, undefined, { ref: false })]);

  const socket = createServer();
  const server = serve(socket, service);
  await listenOn(socket, config.listen);
  log.info(0, `serving CRI on ${config.listen}`);

  return {
    async stop() {
      await server.close(DRAIN);
      for (const runtime of linked) runtime.stop();
      node.stop();
      await keeper?.stop();
    },
  };
}

async function readBootId(): Promise<string> {
  return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
}
