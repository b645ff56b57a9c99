/**
 * Handles SIGHUP from now on, which would end the process otherwise. Calls `reload` at each signal once `ready` has resolved, and
 * once for all earlier signals.
 */
export function onHangup(ready: Promise<{ reload(): Promise<void> }>): void {
  let waiting = false;
  let target: { reload(): Promise<void> } | undefined;
  process.on('SIGHUP', () => {
    if (target === undefined) waiting = true;
    else void target.reload();
  });
  ready.then(
    found => {
      target = found;
      if (waiting) void found.reload();
    },
    () => {},
  );
}
