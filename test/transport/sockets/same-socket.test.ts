import { linkSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'tap';
import { isSameSocket } from '../../../src/transport/sockets/same-socket.ts';

test('paths of one socket', async t => {
  const dir = mkdtempSync(join(tmpdir(), 'criproxy-socket-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  const at = (name: string) => join(dir, name);
  for (const name of ['a.sock', 'b.sock']) {
    const server = createServer();
    await new Promise<void>(resolve => server.listen(at(name), resolve));
    t.teardown(() => server.close());
  }
  symlinkSync(dir, at('link'));
  symlinkSync(at('a.sock'), at('to-a'));
  linkSync(at('a.sock'), at('hard'));
  const rows: ReadonlyArray<readonly [one: string, other: string, same: boolean]> = [
    [at('a.sock'), at('a.sock'), true],
    [at('a.sock'), at('link/a.sock'), true],
    [at('a.sock'), at('to-a'), true],
    [at('a.sock'), at('hard'), true],
    [at('a.sock'), at('link/hard'), true],
    [at('a.sock'), at('b.sock'), false],
    [at('gone.sock'), at('link/gone.sock'), true],
    [at('gone.sock'), at('link/a.sock'), false],
    [at('gone.sock'), at('other.sock'), false],
    ['/none/x/../a.sock', '/none/a.sock', true],
    [`${at('a.sock')}/x`, at('b.sock'), false],
  ];
  for (const [one, other, same] of rows) {
    t.equal(isSameSocket(one, other), same, `${one} and ${other}`);
    t.equal(isSameSocket(other, one), same, `${other} and ${one}`);
  }
});
