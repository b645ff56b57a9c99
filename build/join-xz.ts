import { crc32 } from 'node:zlib';

/** Sizes of a block, as an index has them: in the file, without padding, and unpacked. */
type BlockSizes = readonly [packed: number, unpacked: number];

const HEADER = 12;
const FOOTER = 12;

/**
 * Joins xz streams to one stream, which unpacks to the same bytes, one after the other: their blocks, which are independent
 * of each other, under one index. (dpkg reads no file of several streams.) See "The .xz File Format" 1.2.1. Throws for streams
 * whose integrity checks differ.
 */
export function joinXz(streams: readonly Buffer[]): Buffer {
  const header = streams[0]!.subarray(0, HEADER);
  const parts = streams.map(stream => {
    if (!stream.subarray(0, HEADER).equals(header)) throw new Error('These xz streams are not of one kind');
    const index = indexOf(stream);
    return { blocks: stream.subarray(HEADER, stream.length - FOOTER - index.length), sizes: readIndex(index) };
  });
  const index = writeIndex(parts.flatMap(({ sizes }) => sizes));
  const footer = Buffer.alloc(FOOTER);
  footer.writeUInt32LE(index.length / 4 - 1, 4);
  header.copy(footer, 8, 6, 8);
  footer.writeUInt32LE(crc32(footer.subarray(4, 10)), 0);
  footer.write('YZ', 10);
  return Buffer.concat([header, ...parts.map(({ blocks }) => blocks), index, footer]);
}

function indexOf(stream: Buffer): Buffer {
  const end = stream.length - FOOTER;
  return stream.subarray(end - (stream.readUInt32LE(end + 4) + 1) * 4, end);
}

function readIndex(index: Buffer): BlockSizes[] {
  let at = 1; // the index's first byte marks it as no block
  const read = () => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = index[at++]!;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
  };
  const count = read();
  return Array.from({ length: count }, () => [read(), read()] as const);
}

function writeIndex(blocks: readonly BlockSizes[]): Buffer {
  const bytes = [0];
  for (let value of [blocks.length, ...blocks.flat()]) {
    for (; value >= 128; value = Math.floor(value / 128)) bytes.push((value % 128) + 128);
    bytes.push(value);
  }
  while (bytes.length % 4 !== 0) bytes.push(0);
  const index = Buffer.alloc(bytes.length + 4);
  index.set(bytes);
  index.writeUInt32LE(crc32(index.subarray(0, bytes.length)), bytes.length);
  return index;
}
