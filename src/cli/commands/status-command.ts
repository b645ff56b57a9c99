import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { AdminUnreachable, askApi } from '../../admin/admin-client.ts';
import { isAwaited, type RuntimeReport, type StatusReport } from '../../admin/api/status-report.ts';
import type { Invocation } from '../grammar/command-row.ts';
import { UsageError } from '../grammar/usage-error.ts';
import { formatSpan } from '../terminal/figures.ts';
import { type Paint, paintFor } from '../terminal/paint.ts';
import { Screen } from '../terminal/screen.ts';
import { wrap } from '../terminal/wrap.ts';
import { statusTable } from './status-table.ts';

/** A runtime is down. */
const SOME_DOWN = 3;

const NARROW = 80;

const formats = ['table', 'json', 'yaml'] as const;

type Format = (typeof formats)[number];

/** Resolves with 0 when all runtimes are up and answer, else 3; with --watch it goes on until Ctrl-C, and that is 0. */
export async function runStatus({ values }: Invocation): Promise<number> {
  const socket = String(values['admin-socket']);
  const format = readFormat(String(values['output']));
  const ask = () => askApi(socket, 'GET /v1/status');
  if (values['watch'] === true) {
    await watch(ask, format, readInterval(String(values['interval'])));
    return 0;
  }
  const report = await ask();
  process.stdout.write(await render(report, format, false));
  const isServed = ({ state, notAnsweringSince }: RuntimeReport) => state === 'up' && notAnsweringSince === null;
  return report.runtimes.every(runtime => isServed(runtime) || isAwaited(runtime)) ? 0 : SOME_DOWN;
}

function readFormat(text: string): Format {
  const format = formats.find(each => each === text);
  if (format === undefined) throw new UsageError(`status: -o "${text}": one of ${formats.join(', ')}`);
  return format;
}

/** In ms. */
function readInterval(text: string): number {
  const seconds = Number(text);
  if (!(seconds >= 0.1 && seconds <= 3600)) {
    throw new UsageError(`status: --interval "${text}": give seconds, from 0.1 to 3600`);
  }
  return seconds * 1000;
}

/** `isOneOfMany`: others follow, and a reader must tell them apart. */
async function render(report: StatusReport, format: Format, isOneOfMany: boolean): Promise<string> {
  if (format === 'json') return `${JSON.stringify(report, null, isOneOfMany ? 0 : 2)}\n`;
  if (format === 'yaml') {
    const { stringify } = await import('yaml');
    return `${isOneOfMany ? '---\n' : ''}${stringify(report, { lineWidth: 0 })}`;
  }
  const table = statusTable(report, terminalWidth(), paintFor(process.stdout));
  return isOneOfMany ? `${clock(report.time)}\n${table}\n` : table;
}

function terminalWidth(): number {
  return Math.max(process.stdout.columns ?? NARROW, NARROW);
}

function clock(time: string): string {
  return new Date(time).toTimeString().slice(0, 8);
}

/** Until SIGINT or SIGTERM. That the daemon cannot be asked is shown, and asked again. */
async function watch(ask: () => Promise<StatusReport>, format: Format, interval: number): Promise<void> {
  const stopped = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]).then(() => true);
  const pause = () => Promise.race([stopped, sleep(interval, false, { ref: true })]);
  if (format !== 'table' || !process.stdout.isTTY) {
    do {
      const report = await askOrFault(ask);
      if (report instanceof Error) process.stderr.write(`criproxy: ${report.message}\n`);
      else process.stdout.write(await render(report, format, true));
    } while (!(await pause()));
    return;
  }
  const screen = new Screen(process.stdout);
  const draw = frames(paintFor(process.stdout));
  const redraw = () => screen.draw(draw());
  process.stdout.on('resize', redraw);
  try {
    do screen.draw(draw(await askOrFault(ask)));
    while (!(await pause()));
  } finally {
    process.stdout.off('resize', redraw);
    screen.leave();
  }
}

async function askOrFault(ask: () => Promise<StatusReport>): Promise<StatusReport | AdminUnreachable> {
  try {
    return await ask();
  } catch (fault) {
    if (fault instanceof AdminUnreachable) return fault;
    throw fault;
  }
}

/** The text of the screen: the last report, below the reason why there is no newer one. Without an answer: the same again. */
function frames(paint: Paint): (answer?: StatusReport | AdminUnreachable) => string {
  let report: StatusReport | undefined;
  let fault: AdminUnreachable | undefined;
  return answer => {
    if (answer instanceof AdminUnreachable) fault = answer;
    else if (answer !== undefined) {
      report = answer;
      fault = undefined;
    }
    const width = terminalWidth();
    const lines = [`${paint('quiet', clock(new Date().toISOString()))}\n`];
    if (fault !== undefined) {
      lines.push(
        ...wrap(fault.message, '', width)
          .split(/(?<=\n)/)
          .map(line => paint('bad', line.trimEnd()) + '\n'),
      );
      if (report !== undefined) {
        const age = formatSpan((Date.now() - Date.parse(report.time)) / 1000);
        lines.push(`Last known status, ${age} old:\n`);
      }
      lines.push('\n');
    }
    if (report !== undefined) lines.push(statusTable(report, width, paint));
    return lines.join('');
  };
}
