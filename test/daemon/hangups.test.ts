import { test } from 'tap';
import { onHangup } from '../../src/daemon/hangups.ts';

test('SIGHUP: all signals before the end of the start make one reload after it, and each later signal makes one', async t => {
  const before = process.listeners('SIGHUP');
  t.teardown(() => {
    for (const listener of process.listeners('SIGHUP')) if (!before.includes(listener)) process.off('SIGHUP', listener);
  });
  let reloads = 0;
  const started = Promise.withResolvers<{ reload(): Promise<void> }>();
  onHangup(started.promise);
  process.emit('SIGHUP');
  process.emit('SIGHUP');
  t.equal(reloads, 0);
  started.resolve({
    reload: async () => {
      reloads++;
    },
  });
  await started.promise;
  await new Promise(resolve => setImmediate(resolve));
  t.equal(reloads, 1);
  process.emit('SIGHUP');
  process.emit('SIGHUP');
  t.equal(reloads, 3);
});
