/** The longest time in ms that setTimeout takes. */
const longest = 0x7fffffff;

/** A callback at a given time, unless it is cleared before. Made by setAlarm. */
export interface Alarm {
  /** In ms on the clock of performance.now(). */
  readonly at: number;
  readonly ring: () => void;
}

/** An alarm with its place in the heap; -1 if it is not set any more. */
interface Entry extends Alarm {
  place: number;
}

/**
 * All alarms that are set, as a binary heap: an alarm at place i is not later than the alarms at 2i + 1 and 2i + 2. So the thousands of
 * calls that one client may have open do not make the calls of others slower.
 */
const heap: Entry[] = [];

let timer: NodeJS.Timeout | undefined;
let timerAt = Number.POSITIVE_INFINITY;

/**
 * Calls `ring` at the time `at`, in ms on the clock of performance.now(), or as soon afterwards as the event loop allows. Deadlines
 * are many and seldom pass, so all share one timer. Clearing an alarm leaves the timer as it is.
 */
export function setAlarm(at: number, ring: () => void): Alarm {
  const alarm: Entry = { at, ring, place: heap.length };
  heap.push(alarm);
  rise(alarm, alarm.place);
  if (at < timerAt) arm(at);
  else if (heap.length === 1) timer?.ref();
  return alarm;
}

/** Clears an alarm. Has no effect on an alarm that has rung or was cleared. */
export function clearAlarm(alarm: Alarm | undefined): void {
  if (alarm === undefined) return;
  remove(alarm as Entry);
  // A pending alarm alone must not keep the process alive.
  if (heap.length === 0) timer?.unref();
}

function remove(alarm: Entry): void {
  const { place } = alarm;
  if (place < 0) return;
  alarm.place = -1;
  const last = heap.pop()!;
  if (last === alarm) return;
  if (place > 0 && heap[(place - 1) >> 1]!.at > last.at) rise(last, place);
  else sink(last, place);
}

/** Puts an alarm at `place`, or as far above as the alarms there are later. */
function rise(alarm: Entry, place: number): void {
  let at = place;
  while (at > 0) {
    const above = heap[(at - 1) >> 1]!;
    if (above.at <= alarm.at) break;
    put(above, at);
    at = (at - 1) >> 1;
  }
  put(alarm, at);
}

/** Puts an alarm at `place`, or as far below as the alarms there are earlier. */
function sink(alarm: Entry, place: number): void {
  const { length } = heap;
  let at = place;
  for (let below = 2 * at + 1; below < length; below = 2 * at + 1) {
    if (below + 1 < length && heap[below + 1]!.at < heap[below]!.at) below++;
    if (heap[below]!.at >= alarm.at) break;
    put(heap[below]!, at);
    at = below;
  }
  put(alarm, at);
}

function put(alarm: Entry, place: number): void {
  heap[place] = alarm;
  alarm.place = place;
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
  for (let alarm = heap[0]; alarm !== undefined && alarm.at <= now; alarm = heap[0]) {
    remove(alarm);
    alarm.ring();
  }
  const next = heap[0];
  if (next !== undefined && next.at < timerAt) arm(next.at);
}
