import { execFileSync } from 'node:child_process';
import {
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Test, test } from 'tap';
import { DamagedError, readState, setAside, writeState } from '../../src/store/state-file.ts';

function folder(t: Test): string {
  const path = mkdtempSync(join(tmpdir(), 'criproxy-store-'));
  t.teardown(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

for (const size of [0, 1, 1_000_000]) {
  test(`${size} bytes are read as they were written`, async t => {
    const path = join(folder(t), 'state');
    const content = Buffer.alloc(size, 'x');
    await writeState(path, content);
    t.ok((await readState(path))?.equals(content));
  });
}

test('a file that is not there is undefined; its folder is made when it is written, for root alone', async t => {
  const path = join(folder(t), 'a/b/state');
  t.equal(await readState(path), undefined);
  await writeState(path, Buffer.from('x'));
  t.equal(String(await readState(path)), 'x');
  t.equal(statSync(path).mode & 0o077, 0, 'nobody else reads it');
});

test('writing replaces the file, and leaves nothing else in the folder', async t => {
  const dir = folder(t);
  for (const text of ['old', 'new']) await writeState(join(dir, 'state'), Buffer.from(text));
  t.same(readdirSync(dir), ['state']);
  t.equal(String(await readState(join(dir, 'state'))), 'new');
});

test('a draft that a killed process has left is written over', async t => {
  const path = join(folder(t), 'state');
  writeFileSync(`${path}.new`, 'half of a longer file than the one that comes');
  await writeState(path, Buffer.from('x'));
  t.equal(String(await readState(path)), 'x');
});

/** Things that may be in the place of a state file, and must neither be followed nor waited for. */
const strange: ReadonlyArray<readonly [what: string, make: (path: string, dir: string) => void, reason: RegExp]> = [
  ['a FIFO', path => execFileSync('mkfifo', [path]), /no regular file/],
  ['a link to a device', path => symlinkSync('/dev/zero', path), /symbolic link/],
  ['a link to a state file', (path, dir) => symlinkSync(join(dir, 'other'), path), /symbolic link/],
  ['a huge file', path => truncateHole(path, 2 ** 40), /has 1099511627776 bytes, more than/],
];

function truncateHole(path: string, size: number): void {
  writeFileSync(path, '');
  truncateSync(path, size);
}

for (const [what, make, reason] of strange) {
  test(`${what} in place of a state file is a DamagedError, at once`, async t => {
    const dir = folder(t);
    await writeState(join(dir, 'other'), Buffer.from('x'));
    make(join(dir, 'state'), dir);
    const fault = await readState(join(dir, 'state')).catch(error => error);
    t.type(fault, DamagedError);
    t.match(fault.message, reason);
  });

  test(`${what} in place of a draft is not written into`, async t => {
    const dir = folder(t);
    const path = join(dir, 'state');
    await writeState(join(dir, 'other'), Buffer.from('x'));
    make(`${path}.new`, dir);
    await writeState(path, Buffer.from('y'));
    t.equal(String(await readState(path)), 'y');
    t.ok(lstatSync(path).isFile());
    t.equal(String(await readState(join(dir, 'other'))), 'x');
  });
}

test('every cut and every changed byte of a file is a DamagedError', async t => {
  const path = join(folder(t), 'state');
  await writeState(path, Buffer.from('some content'));
  const good = readFileSync(path);
  const bad: Buffer[] = [];
  for (let at = 0; at < good.length; at++) {
    bad.push(good.subarray(0, at));
    const changed = Buffer.from(good);
    changed[at]! ^= 0x20;
    bad.push(changed);
  }
  let damaged = 0;
  for (const bytes of bad) {
    writeFileSync(path, bytes);
    await readState(path).catch(fault => {
      damaged += Number(fault instanceof DamagedError);
    });
  }
  t.equal(damaged, bad.length);
});

for (const [what, text] of [
  ['another program', '#!/bin/sh\n'],
  ['another version', 'criproxy-state 2\nabc\n'],
  ['nobody', ''],
] as const) {
  test(`a file of ${what} is a DamagedError`, async t => {
    const path = join(folder(t), 'state');
    writeFileSync(path, text);
    const fault = await readState(path).catch(each => each);
    t.ok(fault instanceof DamagedError, String(fault));
  });
}

test('a file that cannot be read gives the error of the system', async t => {
  const dir = folder(t);
  await t.rejects(readState(dir), { code: 'EISDIR' });
  writeFileSync(join(dir, 'file'), '');
  await t.rejects(readState(join(dir, 'file/state')), { code: 'ENOTDIR' });
});

test('a file that cannot be written gives the error of the system, and the old file stays', async t => {
  const dir = folder(t);
  const path = join(dir, 'state');
  await writeState(path, Buffer.from('old'));
  await t.rejects(writeState(join(path, 'below'), Buffer.from('new')), { code: 'EEXIST' });
  t.equal(String(await readState(path)), 'old');
});

test('a file set aside has another name, and its content', async t => {
  const dir = folder(t);
  const path = join(dir, 'state');
  writeFileSync(path, 'not ours');
  const name = await setAside(path);
  t.match(name, /state\.damaged-\d{4}-\d{2}-\d{2}T\d{9}Z$/);
  t.same(readdirSync(dir), [name.slice(dir.length + 1)]);
  t.equal(readFileSync(name, 'utf8'), 'not ours');
});
