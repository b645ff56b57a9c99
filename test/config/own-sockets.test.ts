import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'tap';
import { UsageError } from '../../src/cli/grammar/usage-error.ts';
import { configOfFlags } from '../support/config-of-flags.ts';

test('no runtime is at a socket of criproxy itself, by whatever path', async t => {
  const dir = mkdtempSync(join(tmpdir(), 'criproxy-own-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  symlinkSync(dir, join(dir, 'link'));
  const read = (...flags: string[]) => configOfFlags('-listen', join(dir, 'x.sock'), ...flags);
  const [listen, admin] = [join(dir, 'link/x.sock'), join(dir, 'link/admin.sock')];
  const rows: ReadonlyArray<readonly [flags: string[], text: string]> = [
    [['-connect', listen], `flag -connect: "${listen}" is the socket of -listen: criproxy cannot be its own runtime`],
    [['-connect', `/run/a.sock,b:${listen}`], `flag -connect: "b:${listen}" is the socket of -listen`],
    [
      ['-connect', admin, '-adminSocket', join(dir, 'admin.sock')],
      `"${admin}" is the socket of -adminSocket: criproxy cannot`,
    ],
    [['-connect', `/run/a.sock,b:${admin}`, '-stateDir', dir], `"b:${admin}" is the socket of -adminSocket`],
    [['-adminSocket', listen], `flag -adminSocket: "${listen}" is the socket of -listen; change one`],
  ];
  for (const [flags, text] of rows) {
    t.throws(() => read(...flags), new UsageError(''), flags.join(' '));
    t.throws(() => read(...flags), { message: new RegExp(text) }, text);
  }
  t.equal(read('-connect', join(dir, 'link/other.sock')).runtimes.length, 1);
});
