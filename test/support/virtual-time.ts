import { syncBuiltinESMExports } from 'node:module';
import { mock } from 'node:test';
import { setAlarm } from '../../src/base/alarm.ts';

/** The step of time between two looks at the state, in ms. */
const STEP = 25;

/** Runs `body` while all clocks and timers of this process stand still; only pass() and outcomeOf() move them. */
export async function inVirtualTime<T>(body: () => Promise<T>): Promise<T> {
  const { now } = performance;
  mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'], now: Date.now() });
  syncBuiltinESMExports();
  // The clock stands in the middle of a ms of the wall clock, so that no rounding tells the two clocks apart.
  performance.now = () => Date.now() - performance.timeOrigin + 0.5;
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
  /** The duration, in ms. */
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

/** The longest time of a test, in ms: at its end no shorter wait is left. */
const LONGEST = 600_000;

/** The due times of the timers that were set inside fastForward; undefined outside. Cleared ones stay. */
let dueTimes: number[] | undefined;

/** Keeps the due time of each timer, which the mock does not give. */
function noteTimers(): void {
  dueTimes = [];
  const set = globalThis.setTimeout;
  const noted = (callback: () => void, ms = 1) => {
    dueTimes!.push(Date.now() + ms);
    return set(callback, ms);
  };
  globalThis.setTimeout = noted as typeof setTimeout;
}

/** The time to the next timer, so that its effects happen at its time; timers that were not noted are at most a step late. */
function nextStep(): number {
  const now = Date.now();
  dueTimes = dueTimes!.filter(due => due > now);
  return Math.max(1, Math.min(STEP, Math.ceil(Math.min(...dueTimes) - now)));
}

/**
 * Makes the body of a test run on clocks that stand still while anything can happen, and else go on at once: waits take no
 * time, and no machine is too slow for a deadline. All parts of such a test must be in this process, without sockets. If one test
 * of a file leaves alarms behind, all of the file's tests use it: an alarm in real time would make them keep the process.
 */
export function fastForward<Args extends readonly unknown[]>(
  body: (...args: Args) => Promise<unknown>,
): (...args: Args) => Promise<void> {
  const forwarded = (...args: Args) =>
    inVirtualTime(async () => {
      noteTimers();
      renewAlarmTimer();
      const start = Date.now();
      let isOver = false;
      const outcome = body(...args).finally(() => {
        isOver = true;
      });
      try {
        for (await settled(); !isOver; await settled()) {
          if (Date.now() - start > LONGEST) throw new Error(`no end within ${LONGEST} ms of virtual time`);
          mock.timers.tick(nextStep());
        }
        await outcome;
      } finally {
        // Timers that the test has left must not keep the process.
        mock.timers.tick(LONGEST);
        await settled();
        dueTimes = undefined;
      }
    });
  return (...args) => forwarded(...args).finally(releaseAlarmTimer);
}

/** All alarms share one timer, of the clock at the time when it was set: an alarm that is due makes a new one. */
function renewAlarmTimer(): void {
  setAlarm(0, () => {});
}

/** Renews that timer at the end of a test: the alarms that it has left, far away by the real clock, do not keep the process. */
async function releaseAlarmTimer(): Promise<void> {
  const released = Promise.withResolvers<void>();
  setAlarm(0, () => {
    const set = globalThis.setTimeout;
    const unreferenced = (callback: () => void, ms?: number) => set(callback, ms).unref();
    globalThis.setTimeout = unreferenced as typeof setTimeout;
    // The timer is set again before this turn ends.
    queueMicrotask(() => {
      globalThis.setTimeout = set;
      released.resolve();
    });
  });
  await released.promise;
}

/** A limit for tests that wait for its end: ms of virtual time, or, in real time, enough for the slowest machine. */
export function limit(ms: number): number {
  return dueTimes === undefined ? 20_000 : ms;
}

/** Inside fastForward, lets so many ms go by. Elsewhere a test waits for an event, never for a time. */
export function elapse(ms: number): Promise<void> {
  if (dueTimes === undefined) throw new Error('elapse() is for tests in fastForward()');
  return new Promise(resolve => setTimeout(resolve, ms));
}
