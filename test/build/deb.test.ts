import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'tap';
import { DebCompressor, packXz } from '../../build/deb.ts';
import { stageFiles } from '../../build/stage.ts';
import { needs } from '../support/require.ts';

const options = needs('packages');

const control = 'Package: x\nVersion: 1\nArchitecture: all\nMaintainer: none <none@localhost>\nDescription: x\n';

function build(folder: string, name: string, program: Buffer, doc: string): string {
  const tree = join(folder, name);
  stageFiles(tree, [
    { path: 'DEBIAN/control', content: control },
    { path: 'usr/bin/x', content: program, mode: 0o755 },
    { path: 'usr/share/doc/x', content: doc },
  ]);
  execFileSync('dpkg-deb', ['--root-owner-group', '-Znone', '--build', tree, `${tree}.deb`], {
    stdio: 'pipe',
    env: { ...process.env, SOURCE_DATE_EPOCH: '0' },
  });
  return `${tree}.deb`;
}

test('packages are compressed, their common part only once, and dpkg-deb reads them', options, async t => {
  const folder = mkdtempSync(join(tmpdir(), 'criproxy-deb-test-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const program = randomBytes(300_001);
  const packed: number[] = [];
  const compressor = new DebCompressor('./usr/bin/x', input => {
    packed.push(input.length);
    return packXz(['--x86'])(input);
  });
  for (const name of ['one', 'two']) {
    const deb = build(folder, name, program, `doc of ${name}`);
    compressor.compress(deb);
    execFileSync('dpkg-deb', ['-x', deb, join(folder, `${name}-x`)]);
    t.ok(readFileSync(join(folder, `${name}-x/usr/bin/x`)).equals(program));
    t.equal(readFileSync(join(folder, `${name}-x/usr/share/doc/x`), 'utf8'), `doc of ${name}`);
    t.match(execFileSync('dpkg-deb', ['-f', deb], { encoding: 'utf8' }), control);
    t.equal(execFileSync('ar', ['t', deb], { encoding: 'utf8' }), 'debian-binary\ncontrol.tar.xz\ndata.tar.xz\n');
  }
  t.equal(packed.filter(length => length > program.length).length, 1, 'the program once');
  t.equal(packed.length, 5, 'control and the rest for each');
});

test('the same package becomes the same bytes', options, async t => {
  const folder = mkdtempSync(join(tmpdir(), 'criproxy-deb-test-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  // Several blocks, so that two threads have something to do.
  const program = Buffer.concat([randomBytes(1_000), Buffer.alloc(40e6, 'x')]);
  const [one, two] = ['one', 'two'].map(name => {
    const deb = build(folder, name, program, 'doc');
    new DebCompressor('./usr/bin/x', packXz([])).compress(deb);
    return readFileSync(deb);
  });
  t.ok(one!.equals(two!));
});

test('a package without the program is an error', options, async t => {
  const folder = mkdtempSync(join(tmpdir(), 'criproxy-deb-test-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const deb = build(folder, 'one', Buffer.from('x'), 'doc');
  t.throws(() => new DebCompressor('./usr/bin/y', packXz([])).compress(deb), /The package has no \.\/usr\/bin\/y/);
});
