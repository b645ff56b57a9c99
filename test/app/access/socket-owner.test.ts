import { mkdirSync, renameSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type Test, test } from 'tap';
import { setOwner } from '../../../src/app/access/socket-owner.ts';
import { makeFolder } from '../../daemon/daemon.ts';

const group = process.getegid!();
const bits = (path: string) => statSync(path).mode & 0o777;

async function listenIn(t: Test): Promise<string> {
  const path = join(makeFolder(t), 'one.sock');
  const server = createServer();
  await new Promise<void>(resolve => server.listen(path, resolve));
  t.teardown(() => server.close());
  return path;
}

test('a socket gets its mode', async t => {
  const path = await listenIn(t);
  await setOwner(path, { mode: 0o640, group, groupName: undefined });
  t.equal(bits(path), 0o640);
});

test('a file that was put in the place of the socket keeps its mode', async t => {
  const path = await listenIn(t);
  const other = join(path, '../other');
  writeFileSync(other, '', { mode: 0o600 });
  renameSync(path, `${path}.away`);
  const owner = { mode: 0o666, group, groupName: undefined };
  symlinkSync(other, path);
  await t.rejects(setOwner(path, owner), { message: 'its file was replaced; use a folder of root' });
  renameSync(other, path);
  await t.rejects(setOwner(path, owner), { message: 'its file was replaced; use a folder of root' });
  t.equal(bits(path), 0o600);
  mkdirSync(`${path}.d`);
  await t.rejects(setOwner(join(path, 'x'), owner), { message: 'its file cannot be opened (ENOTDIR)' });
});
