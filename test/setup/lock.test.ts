import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'tap';
import { takeLock } from '../../src/setup/lock.ts';
import { waitFor } from '../support/child.ts';

test('one set-up has the lock, and a second is refused until the lock is free', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'setup-lock-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'lock');
  const unlock = await takeLock(file);
  await t.rejects(takeLock(file), { message: /another criproxy setup changes this node now/ });
  unlock();
  const again = await waitFor('the lock', () => takeLock(file).catch(() => undefined));
  again();
});

test('a lock that cannot be made says why', async t => {
  await t.rejects(takeLock('/nowhere/lock'), { message: /cannot be taken: .*No such file/ });
});
