/** The longest time in ms that setTimeout takes. */
const longest = 0x7fffffff;

/** A callback at a given time, unless it is cleared before. Made by setAlarm. */
export interface Alarm {
  /** In ms on the clock of performance.now(). */
  readonly at: number;
  readonly ring: () => void;
}

interface Entry extends Alarm {
  before: Entry;
  after: Entry;
}

/** All alarms that are set, in a ring in the order of their times, from `ends` to `ends`. */
const ends = {} as Entry;
ends.before = ends;
ends.after = ends;

let timer: NodeJS.Timeout | undefined;
let timerAt = Number.POSITIVE_INFINITY;

/**
 * Calls `ring` at the time `at`, in ms on the clock of performance.now(), or as soon afterwards as the event loop allows. Deadlines
 * are many and seldom pass, so all share one timer. Clearing an alarm leaves the timer as it is.
 */
export function setAlarm(at: number, ring: () => void): Alarm {
  // Most times are later than all others, or than all but a few.
  let before = ends.before;
  while (before !== ends && before.at > at) before = before.before;
  const alarm: Entry = { at, ring, before, after: before.after };
  before.after.before = alarm;
  before.after = alarm;
  if (at < timerAt) arm(at);
  else if (alarm.after === ends && before === ends) timer?.ref();
  return alarm;
}

/** Clears an alarm. Has no effect on an alarm that has rung or was cleared. */
export function clearAlarm(alarm: Alarm | undefined): void {
  if (alarm === undefined) return;
  remove(alarm as Entry);
  // A pending alarm alone must not keep the process alive.
  if (ends.after === ends) timer?.unref();
}

function remove(alarm: Entry): void {
  alarm.before.after = alarm.after;
  alarm.after.before = alarm.before;
  alarm.before = alarm;
  alarm.after = alarm;
}

function arm(at: number): void {
  clearTimeout(timer);
  timerAt = at;
  timer = setTimeout(ringAll, Math.min(longest, Math.max(0, at - performance.now())));
}

function ringAll(): void {
  timer = undefined;
  timerAt = Number.POSITIVE_INFINITY;
  const now = performance.now();
  for (let alarm = ends.after; alarm !== ends && alarm.at <= now; alarm = ends.after) {
    remove(alarm);
    alarm.ring();
  }
  if (ends.after !== ends && ends.after.at < timerAt) arm(ends.after.at);
}
