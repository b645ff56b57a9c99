import { syncBuiltinESMExports } from 'node:module';
import { mock } from 'node:test';

/** How far time goes between two looks at what has happened, in ms. */
const STEP = 25;

/** Runs `body` while all clocks and timers of this process stand still, but for pass() and outcomeOf(). */
export async function inVirtualTime<T>(body: () => Promise<T>): Promise<T> {
  const start = Date.now();
  const { now } = performance;
  const origin = now.call(performance);
  mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'], now: start });
  syncBuiltinESMExports();
  performance.now = () => origin + Date.now() - start;
  try {
    return await body();
  } finally {
    mock.timers.reset();
    syncBuiltinESMExports();
    performance.now = now;
  }
}

/** Lets everything happen that waits for no timer, the disk's work too. */
export async function settled(): Promise<void> {
  for (let calm = 0; calm < 3; calm++) {
    await new Promise(resolve => setImmediate(resolve));
    if (process.getActiveResourcesInfo().some(name => /FSReq|CloseReq/.test(name))) calm = -1;
  }
}

/** Lets so many ms go by. */
export async function pass(ms: number): Promise<void> {
  await settled();
  for (let left = ms; left > 0; left -= STEP) {
    mock.timers.tick(Math.min(STEP, left));
    await settled();
  }
}

export interface Outcome<T> {
  readonly value?: T;
  readonly fault?: unknown;
  /** How long it has taken, in ms. */
  readonly took: number;
}

/** Lets time go by until the promise settles; throws if that takes more than `limit` ms. */
export async function outcomeOf<T>(promise: Promise<T>, limit = 600_000): Promise<Outcome<T>> {
  const start = Date.now();
  let outcome: Outcome<T> | undefined;
  promise.then(
    value => {
      outcome = { value, took: Date.now() - start };
    },
    fault => {
      outcome = { fault, took: Date.now() - start };
    },
  );
  await settled();
  while (outcome === undefined) {
    if (Date.now() - start > limit) throw new Error(`no end within ${limit} ms`);
    await pass(STEP);
  }
  return outcome;
}
