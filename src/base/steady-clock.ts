/**
 * The time in whole ms since 1970, on a clock that never jumps: the wall clock's time at the start of the program, and what has passed
 * since. So ages are right when somebody sets the clock, and times can be written down and read after a restart.
 */
export function steadyNow(): number {
  return Math.floor(performance.timeOrigin + performance.now());
}
