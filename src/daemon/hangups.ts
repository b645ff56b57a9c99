/**
 * Takes SIGHUP from here on, which would end the process else: calls `reload` at each one once `ready` has resolved, and once for
 * those that have come before.
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
