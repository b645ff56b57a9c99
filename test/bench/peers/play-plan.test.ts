import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'tap';
import type { Session } from '../../../src/transport/session.ts';
import type { Plan, PlanJob } from './plan.ts';
import { playPlan } from './play-plan.ts';

const none = { message: Buffer.alloc(0), headers: [], trailers: [] };

/** A connection that notes its calls; `answer` gives the result of each. */
function sessionWith(calls: string[], answer: (path: string) => Promise<unknown>): Session {
  const session: Partial<Session> = {
    async call(path, request) {
      calls.push(`${path} ${request.toString()}`);
      await answer(path);
      return none;
    },
    stream: (_path, _requests, { signal }) => ({
      headers: Promise.resolve([]),
      trailers: [],
      async *[Symbol.asyncIterator]() {
        for (let sent = 0; !signal.aborted; sent++) {
          if (sent < 3) yield Buffer.alloc(0);
          else await sleep(1);
        }
      },
    }),
  };
  return session as Session;
}

const plan: Plan = {
  period: 60,
  calls: [
    { path: '/a', request: Buffer.from('1').toString('base64') },
    { path: '/b', request: Buffer.from('2').toString('base64') },
  ],
  entries: [
    [0, 0, 0],
    [0, 1, 1],
    [40, 0, 0],
  ],
  stream: '/events',
};

function jobFor(folder: string): PlanJob {
  const file = join(folder, 'plan.json');
  writeFileSync(file, JSON.stringify(plan));
  return { plan: file, socket: '', library: 'own', speed: 1 };
}

test('each entry is called on its connection when it is due, and the stream is read', async t => {
  const calls: [string[], string[]] = [[], []];
  const start = performance.now();
  const sessions = calls.map(each => sessionWith(each, async () => undefined));
  const { times, streamed } = await playPlan(jobFor(t.testdir()), sessions);
  t.same(calls, [['/a 1', '/a 1'], ['/b 2']]);
  t.same([times['/a']!.length, times['/b']!.length, streamed], [2, 1, 3]);
  t.ok(performance.now() - start >= 59, 'the whole period');
});

test('a call that takes long holds up none after it', async t => {
  const calls: string[] = [];
  let release: (value?: unknown) => void = () => undefined;
  const lastIsMade = new Promise(resolve => {
    release = resolve;
  });
  const answer = async (path: string) => {
    if (calls.length === plan.entries.length) release();
    if (path === '/b') await lastIsMade;
  };
  const session = sessionWith(calls, answer);
  const { times } = await playPlan(jobFor(t.testdir()), [session, session]);
  t.equal(times['/b']!.length, 1);
});

test('a call that fails fails the play', async t => {
  const session = sessionWith([], () => Promise.reject(new Error('refused')));
  await t.rejects(playPlan(jobFor(t.testdir()), [session, session]), { message: 'refused' });
});
