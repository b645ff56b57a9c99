import { setTimeout as sleep } from 'node:timers/promises';
import type { Test } from 'tap';
import { type CriClient, connect } from '../../support/cri-client.ts';

const PATIENCE = { deadline: 60_000 };

/** How long a well-behaved client pauses between calls, in ms: a node's rate, so that it does not compete for the processors. */
const PACE = 5;

/** How many of its calls tell how long one takes without neighbours. */
const ALONE = 100;

/**
 * How much longer than twice as long one may take beside a neighbour, at the median, in ms. The peers of a test take their own share of
 * two processors; what stalls the proxy for everybody takes hundreds of ms.
 */
const SHARE = 50;

const median = (times: readonly number[]) => [...times].sort((a, b) => a - b)[times.length >> 1] ?? 0;

/**
 * A client that calls now and then. Begin it before its neighbours; the function that comes back ends it, and holds each of its calls
 * to have succeeded, and their median to what it was alone.
 */
export async function wellBehaved(t: Test, path: string): Promise<() => Promise<void>> {
  const client = connected(t, path);
  const failed: string[] = [];
  const ask = async () => {
    await sleep(PACE);
    const begin = performance.now();
    const { code, details } = await client.ask('Version', {}, PATIENCE);
    if (code !== 0) failed.push(`${code}: ${details}`);
    return performance.now() - begin;
  };
  const alone: number[] = [];
  while (alone.length < ALONE) alone.push(await ask());
  const beside: number[] = [];
  let going = true;
  const done = (async () => {
    while (going) beside.push(await ask());
  })();
  return async () => {
    going = false;
    await done;
    t.same(failed, [], `${beside.length} calls of another client beside`);
    t.ok(beside.length >= 3, 'there are enough of them to compare');
    const [before, now] = [median(alone), median(beside)];
    t.ok(now < 2 * before + SHARE, `its median is ${now.toFixed(1)} ms, and was ${before.toFixed(1)} ms alone`);
  };
}

/** A client that goes with the test. */
export function connected(t: Test, path: string): CriClient {
  const client = connect(path);
  t.teardown(() => client.close());
  return client;
}
