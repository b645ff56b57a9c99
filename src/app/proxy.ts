import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../base/logger.ts';
import { endpoints } from '../cri/method-spec.ts';
import { Runtimes } from '../routing/runtimes.ts';
import { routedService } from '../routing/service.ts';
import { dial } from '../transport/grpcjs-client.ts';
import { serveGrpcJs } from '../transport/grpcjs-server.ts';
import { clearSocketFile, protectSocketFile } from '../transport/socket-file.ts';
import { type LinkedRuntime, linkedRuntime, type RuntimeAddress } from './linked-runtime.ts';

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
  /** `http://host:port`: see absoluteUrl. */
  readonly streamBase: string;
}

export interface Proxy {
  /** Finishes the calls in flight, then lets go of everything. */
  stop(): Promise<void>;
}

/** Starts the proxy: from here on it serves, whether or not its runtimes are up. Throws a SocketFileError for `listen`. */
export async function startProxy(config: ProxyConfig, log: Logger): Promise<Proxy> {
  // First, so that nothing has to be undone: another process may be serving there.
  await clearSocketFile(config.listen);

  // A link a runtime; one that is down is nobody else's matter.
  const [primary, ...others] = config.runtimes.map(address => linkedRuntime(address, dial, log));
  const linked: readonly [LinkedRuntime, ...LinkedRuntime[]] = [primary!, ...others];

  // All of CRI, in all packages, over these runtimes.
  const service = routedService(
    new Runtimes(linked),
    { streamBase: config.streamBase, primaryWait: PRIMARY_WAIT },
    log,
  );

  // Before the socket is there, so that the first list finds the runtimes that are up, and is not short of them.
  for (const runtime of linked) runtime.start();
  await Promise.race([Promise.all(linked.map(runtime => runtime.tried)), sleep(FIRST_TRY, undefined, { ref: false })]);

  const server = await serveGrpcJs(config.listen, endpoints().keys(), service);
  await protectSocketFile(config.listen);
  log.info(0, `serving CRI on ${config.listen}`);

  return {
    async stop() {
      await server.close(DRAIN);
      for (const runtime of linked) runtime.stop();
    },
  };
}
