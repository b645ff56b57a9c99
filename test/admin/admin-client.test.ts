import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'tap';
import { AdminUnreachable, askAdmin } from '../../src/admin/admin-client.ts';

const folder = mkdtempSync(join(tmpdir(), 'criproxy-admin-client-'));

test('each fault of the socket has its message and its remedy', async t => {
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'file');
  writeFileSync(file, '');
  const other = createServer(socket => socket.once('data', () => socket.end('\0\0\x04 what?')));
  const rude = createServer(socket => socket.once('data', () => socket.destroy()));
  other.listen(join(folder, 'other.sock'));
  rude.listen(join(folder, 'rude.sock'));
  await Promise.all([once(other, 'listening'), once(rude, 'listening')]);
  t.teardown(() => [other, rude].map(server => server.close()));
  const rows: readonly [path: string, message: RegExp][] = [
    ['none.sock', /^there is no admin socket .*\/none\.sock: the daemon does not run \(systemctl status criproxy\)/],
    ['none/none.sock', /^there is no admin socket .*none\.sock/],
    ['file', /nothing listens on .*file|is not the admin socket/],
    ['other.sock', /other\.sock is not the admin socket of criproxy/],
    ['rude.sock', /rude\.sock ended while it was asked; see systemctl status criproxy/],
  ];
  for (const [path, message] of rows) {
    const fault = (await askAdmin(join(folder, path), 'GET', '/v1/status').catch(error => error)) as Error;
    t.type(fault, AdminUnreachable, path);
    t.match(fault.message, message);
  }
});
