import type { TracedCall, TraceLine } from '../../admin/api/trace-line.ts';
import { formatMs, printable, shorten } from '../terminal/figures.ts';
import type { Paint, Tone } from '../terminal/paint.ts';
import { wrap } from '../terminal/wrap.ts';

/** From this width on the pod has a column; below, a line of its own. */
const WIDE = 120;

/** From these durations on a call is shown as slow, and as very slow, in ms. */
const SLOW = 500;
const VERY_SLOW = 5_000;

const INDENT = ' '.repeat(13);

interface Column {
  readonly name: string;
  readonly width: number;
  readonly text: (call: TracedCall) => string;
  readonly tone?: (call: TracedCall) => Tone | undefined;
  readonly align?: 'right';
  /** Cut at its end, not in the middle. */
  readonly cut?: 'end';
}

/** A trace for a person, in lines of at most `width` columns; undefined: for a program, nothing is cut. */
export class TraceView {
  private readonly width: number | undefined;
  private readonly paint: Paint;
  private readonly columns: readonly Column[];
  private readonly isWide: boolean;

  constructor(width: number | undefined, paint: Paint) {
    this.width = width;
    this.paint = paint;
    this.isWide = width === undefined || width >= WIDE;
    this.columns = columnsFor(width, this.isWide);
  }

  /** One or more whole lines. */
  show(line: TraceLine): string {
    switch (line.kind) {
      case 'start':
        return `${this.paint(
          'head',
          this.columns
            .map(column => cell(column, column.name))
            .join(' ')
            .trimEnd(),
        )}\n`;
      case 'lost':
        return `${this.paint('warn', `... ${line.lines} lines lost: calls come faster than they are shown`)}\n`;
      default:
        return `${this.row(line)}\n${this.below(line)}`;
    }
  }

  private row(call: TracedCall): string {
    const cells = this.columns.map((column, index) => {
      const isLast = index === this.columns.length - 1;
      const text = this.width === undefined ? column.text(call) : fit(column, column.text(call));
      const padded = isLast ? text : cell(column, text);
      const tone = column.tone?.(call);
      return tone === undefined ? padded : this.paint(tone, padded);
    });
    return cells.join(' ');
  }

  private below(call: TracedCall): string {
    const subject = this.isWide ? '' : subjectOf(call);
    const message = printable(call.message);
    const width = this.width ?? Number.POSITIVE_INFINITY;
    const socket = printable(call.socket ?? '');
    return [
      ...(socket === '' ? [] : [wrap(`on ${socket}`, INDENT, width)]),
      ...(subject === '' ? [] : [wrap(subject, INDENT, width)]),
      ...(message === '' ? [] : [paintLines(this.paint, 'bad', wrap(message, INDENT, width))]),
    ].join('');
  }
}

function columnsFor(width: number | undefined, isWide: boolean): Column[] {
  const fixed: Column[] = [
    { name: 'TIME', width: 12, text: call => clock(call.time), tone: () => 'quiet' },
    { name: 'ID', width: 6, text: call => String(call.id), tone: () => 'quiet' },
    { name: 'CLIENT', width: width === undefined ? 12 : 7, text: clientOf, cut: 'end' },
    { name: 'RUNTIME', width: width === undefined ? 12 : 8, text: call => printable(call.runtimes.join('+')) || '-' },
    { name: 'TOOK', width: 6, text: took, tone: toneOfTime, align: 'right' },
    { name: 'CODE', width: 16, text: call => call.code || 'begins', tone: toneOfCode },
  ];
  const left = (width ?? 0) - fixed.reduce((sum, column) => sum + column.width + 1, 0);
  const method: Column = {
    name: 'METHOD',
    width: width === undefined || isWide ? 25 : Math.min(left, 25),
    text: call => printable(call.method),
  };
  const rest = width === undefined ? 40 : left - method.width - 1;
  const subject: Column[] = isWide
    ? [{ name: 'POD/CONTAINER', width: rest, text: call => subjectOf(call) || '-' }]
    : [];
  return [...fixed.slice(0, 3), method, ...subject, ...fixed.slice(3)];
}

function fit({ width, cut }: Column, text: string): string {
  if (cut !== 'end' || text.length <= width) return shorten(text, width);
  return `${text.slice(0, width - 1)}…`;
}

function cell({ width, align }: Column, text: string): string {
  return align === 'right' ? text.padStart(width) : text.padEnd(width);
}

/** `namespace/pod/container`, or the image of a call that is for no pod. */
function subjectOf({ namespace, pod, container, image }: TracedCall): string {
  const names = pod === '' ? [container] : [namespace, pod, container];
  return printable(names.filter(Boolean).join('/') || image);
}

/** Without its version. */
function clientOf({ client }: TracedCall): string {
  return printable(client.split('/')[0]!) || '-';
}

function clock(time: string): string {
  const date = new Date(time);
  return `${date.toTimeString().slice(0, 8)}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}

function took(call: TracedCall): string {
  return call.kind === 'begin' ? '' : formatMs(call.ms);
}

/** A stream is long by nature. */
function toneOfTime(call: TracedCall): Tone | undefined {
  if (call.kind === 'begin' || call.method === 'GetContainerEvents' || call.ms < SLOW) return undefined;
  return call.ms < VERY_SLOW ? 'warn' : 'bad';
}

function toneOfCode({ code }: TracedCall): Tone | undefined {
  if (code === '') return 'quiet';
  return code === 'OK' ? 'good' : 'bad';
}

function paintLines(paint: Paint, tone: Tone, text: string): string {
  return text.replace(/^( *)(.*)$/gm, (_, indent: string, words: string) => indent + (words && paint(tone, words)));
}
