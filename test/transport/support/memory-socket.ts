import { Duplex } from 'node:stream';
import { frameHeaderSize } from '../../../src/transport/http2/frames/frame.ts';

/** A socket whose other end is the test. `push` feeds it; its output is checked to be frames, which are counted. */
export class MemorySocket extends Duplex {
  /** The frames of the output, and whether the last one is whole. */
  written = 0;
  private rest: Buffer = Buffer.alloc(0);

  constructor(skip: number) {
    super({ allowHalfOpen: false });
    this.skip = skip;
  }

  private skip: number;

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    const cut = Math.min(this.skip, chunk.length);
    this.skip -= cut;
    let all = Buffer.concat([this.rest, chunk.subarray(cut)]);
    while (all.length >= frameHeaderSize) {
      const end = frameHeaderSize + all.readUIntBE(0, 3);
      if (all[3]! > 9) throw new Error(`a frame of type ${all[3]}`);
      if (all.length < end) break;
      this.written++;
      all = all.subarray(end);
    }
    this.rest = all;
    done();
  }

  override _final(done: () => void): void {
    done();
    this.destroy();
  }

  /** Whether the output is whole frames only. */
  get whole(): boolean {
    return this.rest.length === 0;
  }
}
