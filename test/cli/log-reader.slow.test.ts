import { join } from 'node:path';
import { test } from 'tap';
import { exitOf, spawnTied } from '../support/child.ts';
import { connect } from '../support/cri-client.ts';
import { proxyCommand } from '../support/proxy.ts';
import { startDaemon } from './daemon.ts';

const DEADLINE = { deadline: 20_000 };

test('it goes on serving when the reader of its log goes away', async t => {
  const { dir, runtime } = await startDaemon(t);
  const path = join(dir, 'unread.sock');
  const [command, args] = proxyCommand(['-connect', runtime.socketPath, '-listen', path, '-stateDir=', '-v', '5']);
  const child = spawnTied(command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  t.teardown(() => child.kill('SIGKILL'));
  const client = connect(path);
  t.teardown(() => client.close());
  await client.call('Version', {}, DEADLINE);
  child.stderr!.destroy();
  for (let call = 0; call < 20; call++) await client.call('Version', {}, DEADLINE);
  t.equal(child.exitCode, null, 'it runs');
  child.kill('SIGTERM');
  t.strictSame(await exitOf(child), { code: 0, signal: null });
});
