import { test } from 'tap';
import { MergedStream } from '../../../src/routing/lists/merge-streams.ts';
import { Source } from '../fakes.ts';
import { settle } from '../lab.ts';

const text = (name: string) => Buffer.from(name);

function feed(source: Source): AsyncIterable<Buffer> {
  return { [Symbol.asyncIterator]: () => source };
}

function merge(...sources: readonly Source[]): { merged: MergedStream<Buffer>; reader: AsyncIterator<Buffer> } {
  const merged = new MergedStream<Buffer>();
  for (const source of sources) merged.add(feed(source));
  return { merged, reader: merged[Symbol.asyncIterator]() };
}

async function read(reader: AsyncIterator<Buffer>): Promise<string> {
  const { done, value } = await reader.next();
  return done === true ? 'end' : value.toString();
}

test('items come in the order of their arrival', async t => {
  const [a, b] = [new Source(), new Source()];
  const { reader } = merge(a, b);
  b.push(text('b1'));
  t.equal(await read(reader), 'b1');
  a.push(text('a1'));
  t.equal(await read(reader), 'a1');
  b.push(text('b2'));
  b.end();
  a.push(text('a2'));
  a.end();
  t.strictSame([await read(reader), await read(reader), await read(reader)].sort(), ['a2', 'b2', 'end']);
});

test('the merged stream ends when all sources have ended, and at once without sources', async t => {
  t.equal(await read(merge().reader), 'end');
  const [a, b] = [new Source(), new Source()];
  const { reader } = merge(a, b);
  const ended = read(reader);
  a.end();
  b.end();
  t.equal(await ended, 'end');
});

test('a source is asked for its next item only when its last was taken', async t => {
  const [a, b] = [new Source(), new Source()];
  a.push(...Array.from({ length: 50 }, (_, at) => text(`a${at}`)));
  const { reader } = merge(a, b);
  await settle();
  t.strictSame([a.pulls, b.pulls], [1, 1], 'before anybody reads');
  t.equal(await read(reader), 'a0');
  await settle();
  t.equal(a.pulls, 1, 'while the reader is busy with the first');
  t.equal(await read(reader), 'a1');
  t.equal(await read(reader), 'a2');
  await settle();
  t.strictSame([a.pulls, b.pulls], [3, 1]);
  await reader.return!();
});

test('a source with much to say does not silence the others', async t => {
  const [a, b] = [new Source(), new Source()];
  a.push(...Array.from({ length: 50 }, (_, at) => text(`a${at}`)));
  b.push(...Array.from({ length: 3 }, (_, at) => text(`b${at}`)));
  const { reader } = merge(a, b);
  const seen: string[] = [];
  for (let at = 0; at < 10; at++) seen.push(await read(reader));
  t.strictSame(
    seen.filter(name => name.startsWith('b')),
    ['b0', 'b1', 'b2'],
  );
  await reader.return!();
});

test('a fault of one source ends the whole and cancels the others, the quiet ones too', async t => {
  const [a, quiet] = [new Source(), new Source()];
  const { reader } = merge(a, quiet);
  a.push(text('a1'));
  a.fail(new Error('it broke'));
  t.equal(await read(reader), 'a1');
  await t.rejects(reader.next(), { message: 'it broke' });
  t.equal(quiet.cancelled, true);
  t.equal(await read(reader), 'end', 'for good');
});

test('leaving early cancels every source', async t => {
  const sources = [new Source(), new Source()];
  const { reader } = merge(...sources);
  sources[0]!.push(text('a1'));
  t.equal(await read(reader), 'a1');
  await reader.return!();
  t.strictSame(
    sources.map(source => source.cancelled),
    [true, true],
  );
});

test('a source that is added later joins in, and one that is added too late is cancelled', async t => {
  const early = new Source();
  const { merged, reader } = merge(early);
  const first = read(reader);
  await settle();
  const late = new Source();
  merged.add(feed(late));
  late.push(text('late'));
  t.equal(await first, 'late');
  late.end();
  const end = read(reader);
  await settle();
  early.end();
  t.equal(await end, 'end', 'it lasts as long as the last source');
  const tooLate = new Source();
  merged.add(feed(tooLate));
  t.equal(tooLate.cancelled, true);
});
