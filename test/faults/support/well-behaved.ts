import { setTimeout as sleep } from 'node:timers/promises';
import type { Test } from 'tap';
import { type CriClient, connect } from '../../support/cri-client.ts';

const PATIENCE = { deadline: 60_000 };

/** The pause of a well-behaved client between calls, in ms: a node's rate, so that it does not compete for the processors. */
const PACE = 5;

/** The number of its calls that measure the time without neighbours. */
const ALONE = 100;

/**
 * The allowed time of a call beside a neighbour, at the median, beyond twice the time alone, in ms. The peers of a test use part of
 * two processors; a fault that stalls the proxy for everybody takes hundreds of ms.
 */
const SHARE = 150;

const median = (times: readonly number[]) => [...times].sort((a, b) => a - b)[times.length >> 1] ?? 0;

/**
 * A client that calls now and then. Begin it before its neighbours. The returned function ends it, and checks that each of its calls
 * has succeeded, and their median against the one without neighbours.
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
