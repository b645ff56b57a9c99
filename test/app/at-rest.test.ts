import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { test } from 'tap';
import { startProxy } from '../../src/app/proxy.ts';
import { startWatchdog } from '../../src/app/supervise/watchdog.ts';
import { LastCompiler } from '../../src/daemon/last-compiler.ts';
import { startQuietCollections } from '../../src/daemon/quiet-collections.ts';
import { openLog } from '../../src/log/daemon-log.ts';
import { configOfFlags } from '../support/config-of-flags.ts';
import { connect } from '../support/cri-client.ts';
import { startStandIn } from '../support/stand-in.ts';
import { inVirtualTime, outcomeOf, pass } from '../support/virtual-time.ts';

/** The time from one end of a timer to its next, at the least, in a daemon that nobody calls, in ms. */
const SHORTEST = 5000;

/** The time in which timers are seen, in ms, and the time before it, for the ends of the start and of a client's calls. */
const [WATCHED, SETTLED] = [60_000, 30_000];

/** A timer that has ended, or an interval each time that it has passed. */
interface EndedTimer {
  /** The file of src that has set it. */
  readonly setBy: string;
  /** In ms. */
  readonly after: number;
}

/** Tells of each timer of src when it ends. To be called in virtual time. */
function watchTimers(ended: (timer: EndedTimer) => void): void {
  for (const name of ['setTimeout', 'setInterval'] as const) {
    const set = globalThis[name] as (
      callback: (...args: unknown[]) => void,
      after?: number,
      ...args: unknown[]
    ) => void;
    const watched: typeof set = (callback, after = 1, ...args) => {
      const [, setBy] = /\/src\/(\S+\.ts):/.exec(new Error().stack!) ?? [];
      const told: typeof callback = (...given) => {
        if (setBy !== undefined) ended({ setBy, after });
        callback(...given);
      };
      return set(told, after, ...args);
    };
    Object.assign(globalThis, { [name]: watched });
  }
}

/** How long systemd may hear nothing of the daemon, as the package's unit says, in ms. */
const patience =
  1000 *
  Number(
    /^Environment=CRIPROXY_WATCHDOG_SEC=(\d+)$/m.exec(
      readFileSync(join(import.meta.dirname, '../../debian/criproxy.service'), 'utf8'),
    )![1],
  );

const sink = new Writable({ write: (_chunk, _encoding, done) => done() });

test(`at rest a timer of the daemon ends each ${SHORTEST} ms at most`, async t => {
  const folder = mkdtempSync(join(tmpdir(), 'criproxy-rest-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const runtime = await startStandIn(join(folder, 'runtime'), 'stand-in');
  t.teardown(() => runtime.stop());
  const listen = join(folder, 'listen');
  const config = configOfFlags(
    ...['-connect', runtime.socketPath, '-listen', listen, '-stateDir', join(folder, 'state'), '-v', '2'],
  );
  const client = connect(listen);
  t.teardown(() => client.close());

  const timers: EndedTimer[] = [];
  await inVirtualTime(async () => {
    const { setTimeout, setInterval } = globalThis;
    watchTimers(timer => timers.push(timer));
    const daemonLog = await openLog(config.logLevel, config.logFormat, sink);
    const { log } = daemonLog;
    const ends = [
      startQuietCollections(),
      startWatchdog({ patience, check: () => Promise.resolve(), alive: () => {}, log }),
    ];
    const source = { read: () => Promise.resolve({ config, overruled: [] }) };
    const { value: proxy } = await outcomeOf(startProxy(config, source, daemonLog, new LastCompiler()));
    for (const method of ['Version', 'ListContainers', 'ListPodSandbox', 'ListImages']) {
      const { fault } = await outcomeOf(client.call(method));
      t.equal(fault, undefined, method);
    }
    await pass(SETTLED);
    timers.splice(0);
    runtime.journal.splice(0);
    await pass(WATCHED);
    const counts = countEach(timers.map(({ setBy, after }) => `${setBy}, ${after} ms`));
    for (const end of ends) end();
    await outcomeOf(Promise.all([proxy!.stop(), daemonLog.close()]));
    Object.assign(globalThis, { setTimeout, setInterval });

    for (const [timer, count] of counts) t.comment(`${count} times in ${WATCHED} ms: ${timer}`);
    t.strictSame(
      [...counts].filter(([, count]) => count > WATCHED / SHORTEST),
      [],
    );
    t.ok(counts.size >= 5, 'collections, watchdog, snapshots, connections of clients, calls to the runtime');
    t.ok(runtime.asked('ListContainers').length > 0, 'a list that is old is asked for');
  });
});

function countEach(names: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}
