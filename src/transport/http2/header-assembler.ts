/**
 * Holds a header block from HEADERS without END_HEADERS until CONTINUATION completes it (RFC 9113 section 6.10). No other frame may
 * come in between.
 */
export class HeaderAssembler {
  private parts: Buffer[] = [];
  private length = 0;
  /** The stream of the block; 0 when none is open. */
  streamId = 0;
  endStream = false;

  begin(streamId: number, endStream: boolean, chunk: Buffer, start: number, end: number): void {
    this.streamId = streamId;
    this.endStream = endStream;
    this.add(chunk, start, end);
  }

  add(chunk: Buffer, start: number, end: number): void {
    this.parts.push(Buffer.from(chunk.subarray(start, end)));
    this.length += end - start;
  }

  get size(): number {
    return this.length;
  }

  /** The number of CONTINUATION frames so far. */
  get continuations(): number {
    return this.parts.length - 1;
  }

  /** Returns the whole block. No block is open after this. */
  finish(): Buffer {
    const block = Buffer.concat(this.parts, this.length);
    this.parts = [];
    this.length = 0;
    this.streamId = 0;
    return block;
  }
}
