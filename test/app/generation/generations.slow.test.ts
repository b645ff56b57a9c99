import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { queryObjects } from 'node:v8';
import { test } from 'tap';
import { Generations } from '../../../src/app/generation/generations.ts';
import { Code } from '../../../src/base/codes.ts';
import { EndingCall } from '../../../src/base/ending-call.ts';
import { ProxyError } from '../../../src/base/error.ts';
import type { Logger } from '../../../src/base/logger.ts';
import type { ProxyConfig } from '../../../src/config/proxy-config.ts';
import { MethodPlan } from '../../../src/routing/call/method-plan.ts';
import { EventQueue } from '../../../src/routing/events/event-queue.ts';
import { Runtimes } from '../../../src/routing/port/runtimes.ts';
import { EventFeed } from '../../../src/routing/state/event-feed.ts';
import { Snapshot } from '../../../src/routing/state/snapshot.ts';
import { ClientSession } from '../../../src/transport/grpc/client/client-session.ts';
import { Link } from '../../../src/transport/link/link.ts';
import { CallWatch } from '../../../src/watch/call-watch.ts';
import { watchedService } from '../../../src/watch/watched-service.ts';
import { callOptions } from '../../routing/lab.ts';
import { waitFor } from '../../support/child.ts';
import { configOfFlags } from '../../support/config-of-flags.ts';
import { startPodRuntime } from '../operate/reload-daemon.ts';

const ROUNDS = 100;

/** The classes of a generation's objects. */
const kinds = [Runtimes, MethodPlan, Link, ClientSession, Snapshot, EventFeed, EventQueue, AbortController];

type Counts = readonly (readonly [name: string, count: number])[];

/** The number of reachable objects of each class, and of timers and sockets. */
function countAll(): Counts {
  const objects = kinds.map(kind => [kind.name, queryObjects(kind, { format: 'count' })] as const);
  return [...objects, ['timers and sockets', process.getActiveResourcesInfo().length]];
}

const isWithin = (counts: Counts, bounds: Counts) => counts.every(([, count], at) => count <= bounds[at]![1]);

/** The counts, once a second look finds no lower one. */
async function leastCounts(): Promise<Counts> {
  let last = countAll();
  return waitFor(
    'nothing more to be let go of',
    () => {
      const now = countAll();
      const isLeast = isWithin(last, now);
      last = now;
      return isLeast ? now : undefined;
    },
    { pause: 300 },
  );
}

const silent: Logger = { enabled: () => false, info() {}, warn() {}, error() {} };

function configOf(connect: string): ProxyConfig {
  return configOfFlags('-stateDir', '', '-listen', '/run/x.sock', '-connect', connect);
}

test(`${ROUNDS} generations, with a stream of events on each, leave nothing behind`, async t => {
  const dir = mkdtempSync(join(tmpdir(), 'criproxy-generations-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  const [main, alt, other] = await Promise.all(['main', 'alt', 'other'].map(name => startPodRuntime(t, dir, name)));
  const runtimes = [main!, alt!, other!];
  const [one, two] = [
    configOf(`${main!.socketPath},alt:${alt!.socketPath}`),
    configOf(`${main!.socketPath},alt:${other!.socketPath},more:${alt!.socketPath}`),
  ];
  for (const runtime of runtimes) runtime.answers['GetContainerEvents'] = 'hang';
  const watch = new CallWatch();
  const generations = await Generations.open(one, watch, silent);
  t.teardown(() => generations.stop());
  await generations.start();
  const service = watchedService(generations.service, watch);

  const gone = new AbortController();
  const events = service('/runtime.v1.RuntimeService/GetContainerEvents')!;
  const lists = service('/runtime.v1.RuntimeService/ListPodSandbox')!;
  if (events.kind !== 'stream' || lists.kind !== 'unary') throw new Error('not the kinds that they are');
  let ended = 0;
  /** Listens like a kubelet: asks again as soon as a stream has ended. */
  const listening = (async () => {
    while (!gone.signal.aborted) {
      const call = new EndingCall([], undefined);
      const end = () => call.cancel(new ProxyError(Code.Cancelled, 'the client has left'));
      gone.signal.addEventListener('abort', end);
      try {
        for await (const _ of events.handle([Buffer.alloc(0)], call));
      } catch {
        ended++;
      }
      gone.signal.removeEventListener('abort', end);
    }
  })();

  // The parts that stay count their listeners.
  const { primary } = generations.runtimes;
  let listeners = 0;
  const { onChange } = primary;
  primary.onChange = listener => {
    listeners++;
    const forget = onChange(listener);
    return () => {
      listeners--;
      forget();
    };
  };
  const turn = async (count: number) => {
    for (let round = 0; round < count; round++) {
      await generations.change(round % 2 === 0 ? two : one);
      await lists.handle(Buffer.alloc(0), callOptions());
      for (const runtime of runtimes) runtime.journal.length = 0;
    }
  };
  await turn(ROUNDS);
  const before = await leastCounts();
  await turn(ROUNDS);
  // The objects of a generation are let go of in their own time; one that is not is there a hundred times.
  await waitFor('as few as before', () => isWithin(countAll(), before) || undefined).catch(() => {});
  const after = countAll();
  for (const [at, [name, count]] of after.entries())
    t.ok(count <= before[at]![1], `${count} of ${name}, after ${before[at]![1]}`);
  t.equal(generations.runtimes.primary, primary, 'the one that stays is the same');
  t.ok(ended >= 2 * ROUNDS, `${ended} streams ended with their generations`);
  gone.abort();
  await listening;
  t.ok(listeners <= 0, `${listeners} more listen to it`);
});
