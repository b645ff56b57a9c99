/**
 * The time in whole ms since 1970, on a clock that never jumps: the wall clock's time at the start of the program, plus the time
 * passed since. Ages stay right when the wall clock is set, and stored times can be read after a restart.
 */
export function steadyNow(): number {
  return Math.floor(performance.timeOrigin + performance.now());
}
