import type { WriteStream } from 'node:tty';

const ENTER = '\x1b[?1049h\x1b[?25l';
const LEAVE = '\x1b[?25h\x1b[?1049l';
const HOME = '\x1b[H';
const CLEAR_LINE = '\x1b[K';
const CLEAR_BELOW = '\x1b[J';

/** A terminal's other screen, drawn over and over: each line in place of the old one, so that nothing flickers. */
export class Screen {
  private readonly stream: WriteStream;
  private last = '';

  constructor(stream: WriteStream) {
    this.stream = stream;
    stream.write(ENTER);
  }

  /** Lines below the last row are left out, and counted in it. */
  draw(text: string): void {
    this.last = text;
    const lines = text.trimEnd().split('\n');
    const rows = Math.max(this.stream.rows ?? 24, 2);
    const shown =
      lines.length <= rows ? lines : [...lines.slice(0, rows - 1), `… ${lines.length - rows + 1} more lines`];
    this.stream.write(`${HOME}${shown.map(line => `${line}${CLEAR_LINE}`).join('\r\n')}${CLEAR_BELOW}`);
  }

  /** Gives the terminal back, with the last drawing below the earlier contents. */
  leave(): void {
    this.stream.write(`${LEAVE}${this.last}`);
  }
}
