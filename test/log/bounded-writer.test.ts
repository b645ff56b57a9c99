import { PassThrough } from 'node:stream';
import { test } from 'tap';
import { BoundedWriter } from '../../src/log/bounded-writer.ts';

const tell = (lost: number) => `${lost} lost\n`;

test('lines beyond the bound are lost, counted, and told of in their place', async t => {
  const stream = new PassThrough({ highWaterMark: 1 });
  const writer = new BoundedWriter(stream, tell, 100);
  for (let line = 0; line < 1000; line++) writer.write(`line ${line}\n`);
  const { lost } = writer;
  t.ok(lost > 900 && lost < 1000, `${lost} of 1000 are lost`);
  t.ok(stream.writableLength < 200, `${stream.writableLength} bytes wait`);

  stream.setEncoding('utf8');
  const read: string[] = [];
  const drained = new Promise(resolve => stream.once('drain', resolve));
  stream.on('data', chunk => read.push(...chunk.split('\n').filter(Boolean)));
  await drained;
  writer.write('after\n');
  stream.end();
  await new Promise(resolve => stream.once('end', resolve));
  const kept = Array.from({ length: 1000 - lost }, (_, line) => `line ${line}`);
  t.strictSame(read, [...kept, `${lost} lost`, 'after']);
  t.equal(writer.lost, lost, 'the count stays');
});

test('without a loss nothing is reported', async t => {
  const stream = new PassThrough();
  const writer = new BoundedWriter(stream, tell);
  for (let line = 0; line < 3; line++) writer.write('a\n');
  t.equal(stream.read().toString(), 'a\na\na\n');
  t.equal(writer.lost, 0);
});
