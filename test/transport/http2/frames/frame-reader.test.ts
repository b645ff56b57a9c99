import t from 'tap';
import { FrameReader, type FrameSink } from '../../../../src/transport/http2/frames/frame-reader.ts';
import { data, frame, ping } from '../../support/frames.ts';
import { Random } from '../../support/random.ts';

/** Frames in words; the parts of a DATA frame are put together. */
class Recorder implements FrameSink {
  readonly words: string[] = [];
  private payload = '';
  frame(type: number, flags: number, streamId: number, chunk: Buffer, start: number, end: number): void {
    this.words.push(`${type} ${flags} ${streamId} ${chunk.toString('latin1', start, end)}`);
  }
  dataBegins(flags: number, streamId: number, length: number): void {
    this.payload = `0 ${flags} ${streamId} (${length}) `;
  }
  dataPart(chunk: Buffer, start: number, end: number, last: boolean): void {
    this.payload += chunk.toString('latin1', start, end);
    if (last) this.words.push(this.payload);
  }
  oversized(type: number, streamId: number, length: number): void {
    this.words.push(`oversized ${type} ${streamId} ${length}`);
  }
}

const bytes = Buffer.concat([
  ping,
  data(1, 'hello', 0),
  data(3, '', 1),
  frame(0, 8, 5, '\x01xy'),
  frame(4, 0, 0),
  frame(9, 4, 0x7fffffff, 'z'.repeat(300)),
  data(7, 'w'.repeat(500), 1),
]);
const want = [
  '6 0 0 12345678',
  '0 0 1 (5) hello',
  '0 1 3 (0) ',
  '0 8 5 \x01xy',
  '4 0 0 ',
  `9 4 2147483647 ${'z'.repeat(300)}`,
  `0 1 7 (500) ${'w'.repeat(500)}`,
];

function read(chunks: readonly Buffer[]): { words: string[]; midFrame: boolean } {
  const recorder = new Recorder();
  const reader = new FrameReader(recorder, 16_384);
  for (const chunk of chunks) reader.push(chunk, 0);
  return { words: recorder.words, midFrame: reader.midFrame };
}

t.same(read([bytes]), { words: want, midFrame: false }, 'in one chunk');
for (const size of [1, 2, 3, 7, 8, 9, 10, 100, 500]) {
  const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
    bytes.subarray(i * size, (i + 1) * size),
  );
  t.same(read(chunks), { words: want, midFrame: false }, `in chunks of ${size}`);
}

t.test('in 1,000 random cuts, with seed 5', async t => {
  const random = new Random(5);
  const different: number[][] = [];
  for (let i = 0; i < 1000; i++) {
    const cuts = Array.from({ length: random.below(20) }, () => random.below(bytes.length)).sort((a, b) => a - b);
    const edges = [0, ...cuts, bytes.length];
    const { words } = read(edges.slice(1).map((edge, at) => bytes.subarray(edges[at], edge)));
    if (JSON.stringify(words) !== JSON.stringify(want)) different.push(cuts);
  }
  t.same(different, []);
});

for (const length of [1, 8, 9, 10, 16, bytes.length - 1]) {
  const { midFrame } = read([bytes.subarray(0, length)]);
  t.equal(midFrame, true, `${length} bytes end in the middle of a frame`);
}

t.same(read([frame(0, 0, 1, Buffer.alloc(16_385))]).words, ['oversized 0 1 16385']);
t.equal(read([frame(0, 0, 1, Buffer.alloc(16_384))]).words.length, 1);

t.test('no frame is passed on after stop', async t => {
  const recorder = new Recorder();
  const reader = new FrameReader(recorder, 16_384);
  recorder.dataBegins = () => reader.stop();
  reader.push(bytes, 0);
  t.same(recorder.words, ['6 0 0 12345678']);
});
