import { test } from 'tap';
import { architectureNames, ownArchitecture } from '../../build/architecture.ts';
import { readElf, readLinking } from '../../build/elf.ts';
import { nodeProgram } from '../../build/node-packages.ts';
import { needs } from '../support/require.ts';

const options = needs('packages', 'demo');

for (const architecture of architectureNames) {
  test(`the Node.js of npm for ${architecture}`, options, async t => {
    const elf = readElf(nodeProgram(architecture));
    t.equal(elf.architecture, architecture);
    t.match(elf.interpreter, /^\/lib.*\/ld-linux/);
    t.ok(elf.needed.includes('libstdc++.so.6'));
    t.ok(elf.versions.get('libc.so.6')?.includes('GLIBC_2.28'));
    t.same(readLinking(nodeProgram(architecture)), { linking: 'dynamic', libc: 'glibc' });
  });
}

test('a static program', options, async t => {
  t.same(readLinking('/bin/busybox'), { linking: 'static', libc: 'glibc' });
  t.match(readElf('/bin/busybox'), { architecture: ownArchitecture(), interpreter: undefined, needed: [] });
});

test('a file that is not a program for our architectures is an error', options, async t => {
  t.throws(() => readElf(import.meta.filename), {
    message: `${import.meta.filename} is no program for amd64 or arm64`,
  });
});
