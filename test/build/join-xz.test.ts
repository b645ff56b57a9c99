import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { test } from 'tap';
import { joinXz } from '../../build/join-xz.ts';
import { needs } from '../support/require.ts';

const options = needs('packages');

function run(args: readonly string[], input: Buffer): Buffer {
  const { status, stdout, stderr } = spawnSync('xz', args, { input, maxBuffer: 1e8 });
  if (status !== 0) throw new Error(`xz ${args.join(' ')}: ${stderr}`);
  return stdout;
}

/** Packs in blocks of 64 KiB, so that their sizes take one byte to three in an index. */
const pack = (input: Buffer, check = 'crc32') =>
  run(['-1', '--threads=2', '--block-size=65536', `--check=${check}`, '--stdout'], input);

const parts = [
  { name: 'nothing', parts: [Buffer.alloc(0), Buffer.alloc(0)] },
  { name: 'one', parts: [randomBytes(100)] },
  { name: 'two of one block', parts: [randomBytes(1), Buffer.alloc(65_536)] },
  {
    name: 'three, of 40 blocks, of none, of 100',
    parts: [randomBytes(2_600_000), Buffer.alloc(0), Buffer.alloc(6.5e6, 'x')],
  },
];

for (const { name, parts: inputs } of parts) {
  test(`streams joined: ${name}`, options, async t => {
    const joined = joinXz(inputs.map(input => pack(input)));
    t.ok(run(['--decompress', '--single-stream', '--stdout'], joined).equals(Buffer.concat(inputs)), 'one stream');
    run(['--test'], joined);
  });
}

test('streams with other integrity checks are refused', options, async t => {
  t.throws(() => joinXz([pack(Buffer.alloc(1)), pack(Buffer.alloc(1), 'crc64')]), /not of one kind/);
});
