import type { Writable } from 'node:stream';

/**
 * How much of the log may wait for its reader, in bytes. The daemon is the last process of a node to be killed for its memory: a
 * reader that stops must not cost the others theirs.
 */
const MOST = 8 << 20;

/** Writes lines to a stream whose reader may be slow, or stop: beyond a bound lines are lost, and counted in their place. */
export class BoundedWriter {
  private readonly stream: Writable;
  private readonly most: number;
  private readonly tell: (lost: number) => string;
  private untold = 0;
  /** How many lines are lost in all. */
  lost = 0;

  /** `tell` makes the line that stands for lost ones. */
  constructor(stream: Writable, tell: (lost: number) => string, most = MOST) {
    this.stream = stream;
    this.tell = tell;
    this.most = most;
    stream.on('drain', () => this.tellLoss());
  }

  /** Takes whole lines. */
  readonly write = (text: string): void => {
    if (this.stream.writableLength > this.most) {
      this.untold++;
      this.lost++;
      return;
    }
    this.tellLoss();
    this.stream.write(text);
  };

  private tellLoss(): void {
    if (this.untold === 0) return;
    const lost = this.untold;
    this.untold = 0;
    this.stream.write(this.tell(lost));
  }
}
