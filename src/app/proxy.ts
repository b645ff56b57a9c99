import { createServer } from 'node:net';
import type { AdminRoute } from '../admin/admin-route.ts';
import type { LevelSwitch } from '../base/level-switch.ts';
import { Level } from '../base/log-level.ts';
import type { Logger } from '../base/logger.ts';
import type { ProxyConfig } from '../config/proxy-config.ts';
import { Faults } from '../faults/faults.ts';
import { soleImages } from '../routing/images/sole-images.ts';
import { subjectNamer } from '../routing/state/known-names.ts';
import { takeEnvironment } from '../systemd/environment.ts';
import { openNotifier } from '../systemd/notifier.ts';
import { serve } from '../transport/grpc/server/server.ts';
import { findDatagram } from '../transport/sockets/inherited-socket.ts';
import { type CallObserver, CallWatch } from '../watch/call-watch.ts';
import { watchedService } from '../watch/watched-service.ts';
import { AccessSockets } from './access/access-sockets.ts';
import { openAdmin } from './admin.ts';
import { Generations } from './generation/generations.ts';
import { heldForClients } from './metrics/held-memory.ts';
import { Telemetry } from './metrics/telemetry.ts';
import { faultRoutes } from './operate/fault-routes.ts';
import { forgetRoutes } from './operate/forget-routes.ts';
import { logLevelRoutes } from './operate/log-level-routes.ts';
import { placementRoutes } from './operate/placement-routes.ts';
import { reloadRoutes } from './operate/reload-routes.ts';
import { type ConfigSource, Reloader } from './operate/reloader.ts';
import { statusRoutes } from './status/status-routes.ts';
import { openListener } from './supervise/listener.ts';
import { withSelfCheck } from './supervise/self-call.ts';
import { supervise } from './supervise/supervisor.ts';
import { traceRoutes } from './trace/trace-routes.ts';

/**
 * How long calls in flight may take to finish when the proxy stops, in ms. All other calls wait for the next start as long, and a
 * kubelet whose runtime is silent for 30 s says that its node is not ready. systemd kills after 40 s (TimeoutStopSec).
 */
const DRAIN = 20_000;

/** How long an answer of the admin API may take then, in ms. */
const ADMIN_GRACE = 1_000;

export interface Proxy {
  /** Finishes the calls in flight, then lets go of everything. */
  stop(): Promise<void>;
  /** Puts the present configuration in force, and logs the changes, or the reason why it is refused. Never rejects. */
  reload(): Promise<void>;
}

/** The log of the proxy, its level, and the count of its lost lines. */
export interface ProxyLog {
  readonly levels: LevelSwitch;
  readonly log: Logger;
  lost(): number;
}

/**
 * Starts the proxy: from here on it serves, whether or not its runtimes are up. `observer`: of all calls. Throws a SocketFileError for
 * `listen`.
 */
export async function startProxy(
  config: ProxyConfig,
  source: ConfigSource,
  { levels, log, lost }: ProxyLog,
  observer: CallObserver,
): Promise<Proxy> {
  // First, so that nothing has to be undone: another process may be serving there. systemd may hold the socket, so that
  // clients wait for a start.
  const environment = takeEnvironment(process.env, process.pid);
  const listener = await openListener(config.listen, environment.listenFds, config.sockets);
  log.info(Level.State, `${config.program} starts, pid ${process.pid}`);
  const notifyFd = findDatagram(environment.listenFds);
  const notifier = await openNotifier(environment.notifySocket, notifyFd, process.env['PATH'], log);

  // Observers of calls enter here, also observers for a moment.
  const watch = new CallWatch();
  watch.add(observer);

  // Counts from the first call on; readers of the counts come later.
  const telemetry = new Telemetry(config, watch, log, lost);
  const { reportFault } = telemetry;

  // Faults for tests of a node: without the flag no code stands in the way of calls.
  const faults = config.enableFaults ? new Faults(log) : undefined;

  // A link for each runtime, the snapshots, and all of CRI over them: a reload replaces these while calls go on.
  const generations = await Generations.open(config, watch, log, faults, telemetry);
  const service = watchedService(generations.service, watch);
  telemetry.follow(() => generations.runtimes.all, generations.node, faults);

  // The sockets beside the kubelet's, with less rights, and a part of the same memory.
  const held = heldForClients();
  const sockets = new AccessSockets(generations.service, watch, held, listener.inherited, telemetry, log);
  const reloader = new Reloader({ generations, sockets, levels, source, log });

  // For the operators of the proxy: every question and command enters here.
  const runtimes = () => generations.runtimes.all;
  const runtimeIds = () => runtimes().map(({ id }) => id);
  const routes: readonly AdminRoute[] = [
    ...logLevelRoutes(levels),
    ...reloadRoutes(reloader),
    ...forgetRoutes(generations, log),
    ...placementRoutes(generations, log),
    ...statusRoutes({
      config: () => generations.config,
      runtimes,
      snapshotOf: runtime => generations.node.of(runtime),
      soleImagesOf: runtime => soleImages(generations.placement, runtime),
      callsOf: telemetry.callsOf,
      clientCalls: telemetry.clientCalls,
      sockets: () => sockets.report(),
      eventLoopLag: telemetry.eventLoopLag,
      faults,
      log,
    }),
    ...traceRoutes({ watch, lost: telemetry.traceLinesLost, runtimes: runtimeIds, names: subjectNamer(generations) }),
    ...faultRoutes(faults, runtimeIds),
    ...telemetry.routes,
  ];
  const admin = await openAdmin(config.adminSocket, routes, log);

  // Before the first call can come, so that the first list finds the runtimes that are up, and is not short of them.
  await generations.start();

  const socket = createServer();
  const server = serve(socket, withSelfCheck(service), { held, report: reportFault });
  await listener.listen(socket);
  log.info(Level.State, `serving CRI on ${config.listen}`);
  telemetry.serving(server, held, config.metrics);
  await sockets.apply(config.sockets);

  // From here on systemd hears that it serves, and may kill it when it does not.
  const { listen, userAgent } = config;
  const supervisor = supervise({ environment, notifier, listener, listen, userAgent, reportFault, runtimes, log });
  generations.node.onChange(supervisor.changed);
  reloader.listener = supervisor;

  return {
    async reload() {
      await reloader.reload().catch(() => {});
    },
    async stop() {
      supervisor.stopping();
      await Promise.all([server.close(DRAIN), sockets.close(DRAIN)]);
      await generations.stop();
      await telemetry.stop();
      // Last, so that the operator can ask for the reason while the others wait.
      await admin?.close(ADMIN_GRACE);
    },
  };
}
