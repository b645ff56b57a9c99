import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Test, test } from 'tap';
import { openDisk } from '../../src/setup/disk.ts';
import { SetupError } from '../../src/setup/setup-error.ts';

function makeRoot(t: Test, files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), 'setup-disk-'));
  t.teardown(() => rmSync(root, { recursive: true }));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

test('a file keeps its mode, and a link stays a link', async t => {
  const root = makeRoot(t, { '/etc/real': 'old' });
  chmodSync(join(root, 'etc/real'), 0o640);
  symlinkSync('real', join(root, 'etc/link'));
  openDisk(root).write('/etc/link', 'new');
  t.ok(lstatSync(join(root, 'etc/link')).isSymbolicLink());
  t.equal(readFileSync(join(root, 'etc/real'), 'utf8'), 'new');
  t.equal(statSync(join(root, 'etc/real')).mode & 0o777, 0o640);
  t.same(readdirSync(join(root, 'etc')), ['link', 'real']);
});

test('a kept file can be put back, with its inode, or forgotten', async t => {
  const root = makeRoot(t, { '/etc/a': 'old', '/etc/b': 'old' });
  const disk = openDisk(root);
  const inode = statSync(join(root, 'etc/a')).ino;
  const kept = ['/etc/a', '/etc/b', '/etc/c'].map(path => disk.keep(path));
  for (const path of ['/etc/a', '/etc/b', '/etc/c']) disk.write(path, 'new');
  kept[0]!.restore();
  kept[1]!.forget();
  kept[2]!.restore();
  t.same(readdirSync(join(root, 'etc')), ['a', 'b']);
  t.equal(disk.read('/etc/a'), 'old');
  t.equal(statSync(join(root, 'etc/a')).ino, inode);
  t.equal(disk.read('/etc/b'), 'new');
});

test('a file that was kept and not changed leaves nothing behind', async t => {
  const root = makeRoot(t, { '/etc/a': 'old' });
  openDisk(root).keep('/etc/a').restore();
  t.same(readdirSync(join(root, 'etc')), ['a']);
});

test('the folder of a drop-in is removed with it, and no other folder', async t => {
  const root = makeRoot(t, {
    '/etc/x/a': '',
    '/etc/x.service.d/a.conf': '',
    '/etc/y.service.d/a.conf': '',
    '/etc/y.service.d/b.conf': '',
  });
  const disk = openDisk(root);
  for (const path of ['/etc/x/a', '/etc/x.service.d/a.conf', '/etc/y.service.d/a.conf', '/etc/none/a'])
    disk.remove(path);
  t.same(readdirSync(join(root, 'etc')), ['x', 'y.service.d']);
});

test('an error of reading or writing names the file', async t => {
  const root = makeRoot(t, { '/etc/folder/a': '', '/etc/file': '' });
  const disk = openDisk(root);
  t.throws(() => disk.read('/etc/folder'), SetupError);
  t.throws(() => disk.write('/etc/folder', 'x'), SetupError);
  t.throws(() => disk.write('/etc/file/a', 'x'), SetupError);
  t.equal(disk.read('/etc/none'), undefined);
  t.same(disk.list('/etc/none'), []);
  t.same(readdirSync(join(root, 'etc')), ['file', 'folder']);
});

test('a file that is no UTF-8 is not read as something else', async t => {
  const dir = mkdtempSync(join(tmpdir(), 'disk-'));
  t.teardown(() => rmSync(dir, { recursive: true }));
  writeFileSync(join(dir, 'x'), Buffer.from([0x41, 0x3d, 0xe9, 0x0a]));
  t.throws(() => openDisk(dir).read('/x'), { kind: 'strange', message: /\/x: it cannot be read: it is not UTF-8/ });
});
