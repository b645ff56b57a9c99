import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'tap';
import { runCommand } from '../../../src/cli/dispatch.ts';
import { makeFolder } from '../../daemon/daemon.ts';

const rows: ReadonlyArray<readonly [words: string, said: RegExp]> = [
  ['trace --slow fast', /--slow "fast" is not a duration; write it as 500ms/],
  ['trace --count 0', /--count "0": give a number from 1/],
  ['trace -o xml', /-o "xml": one of table, json/],
  ['trace web-0', /"web-0"/],
  ['replay', /needs a FILE/],
  ['replay file', /needs --to SOCKET/],
  ['replay file --to runtime.sock', /--to "runtime.sock" is not an absolute path/],
  ['replay file --to http://host', /--to "http:\/\/host" is not a unix socket/],
  ['replay file --to /r.sock --speed 0', /--speed "0": give a number/],
  ['replay file --to /r.sock --speed fast', /--speed "fast": give a number/],
  ['replay file --to /r.sock --timeout 0', /--timeout "0" is not a duration/],
  ['faults', /one of show, add, clear/],
  ['faults add --delay long', /--delay "long" is not a duration/],
  ['faults add --hang --times few', /--times "few" is no number/],
  ['faults add --hang --probability -1', /--probability/],
  ['faults show -o xml', /-o "xml": one of table, json/],
  ['faults clear 1 2', /"2"/],
];

for (const [words, said] of rows) {
  test(words, async t => {
    await t.rejects(runCommand(words.split(' ')), { name: /Error/, message: said });
  });
}

for (const words of ['trace', 'faults show', 'faults add --hang', 'faults clear']) {
  test(`${words} without a daemon`, async t => {
    const socket = join(makeFolder(t), 'admin.sock');
    const message = new RegExp(`no admin socket ${socket}.*systemctl status criproxy`);
    await t.rejects(runCommand([...words.split(' '), '--admin-socket', socket]), { name: /Error/, message });
  });
}

test('a recording is not begun without a daemon', async t => {
  const file = join(makeFolder(t), 'recording');
  const socket = join(makeFolder(t), 'admin.sock');
  await t.rejects(runCommand(['trace', '--admin-socket', socket, '--record', file]), {
    name: /Error/,
    message: /no admin socket/,
  });
  t.notOk(existsSync(file));
});
