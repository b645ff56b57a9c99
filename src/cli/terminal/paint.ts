import type { WriteStream } from 'node:tty';
import { styleText } from 'node:util';

/** The meanings of colours: good, a warning, bad, less important, a heading. */
export type Tone = 'good' | 'warn' | 'bad' | 'quiet' | 'head';

export type Paint = (tone: Tone, text: string) => string;

const formats = {
  good: 'green',
  warn: 'yellow',
  bad: ['red', 'bold'],
  quiet: 'gray',
  head: 'bold',
} as const;

/** Colours for a terminal that has some; text as it is for a pipe, a file, and where NO_COLOR is set (no-color.org). */
export function paintFor(stream: Pick<WriteStream, 'isTTY'>): Paint {
  const { NO_COLOR = '', TERM } = process.env;
  if (!stream.isTTY || NO_COLOR !== '' || TERM === 'dumb') return (_, text) => text;
  return (tone, text) => styleText([...[formats[tone]].flat()], text, { validateStream: false });
}
