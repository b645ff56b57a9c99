import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'tap';
import { exitOf, spawnTied, waitFor } from '../support/child.ts';
import { proxyCommand } from '../support/proxy.ts';
import { makeFolder } from './daemon.ts';

test('the process is called criproxy, and ps shows its arguments', async t => {
  const folder = makeFolder(t);
  const socket = join(folder, 'criproxy.sock');
  const [command, args] = proxyCommand(['-connect', join(folder, 'r.sock'), '-listen', socket, '-stateDir=']);
  const env = { ...process.env, MARK: 'x'.repeat(5_000) };
  const child = spawnTied(command, args, { stdio: 'ignore', env });
  t.teardown(async () => {
    const ended = exitOf(child);
    child.kill('SIGKILL');
    await ended;
  });
  await waitFor('the socket', () => existsSync(socket) || undefined);
  const read = (file: string) => readFileSync(`/proc/${child.pid}/${file}`, 'utf8');
  t.equal(read('comm'), 'criproxy\n');
  t.same(read('cmdline').split('\0').slice(0, -1), [command, ...args], 'all of them');
  t.ok(read('environ').includes(`\0MARK=${env.MARK}\0`), 'the environment is as it was');
});
