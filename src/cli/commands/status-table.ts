import Table from 'cli-table3';
import type { LeftPod } from '../../admin/api/placement-answer.ts';
import { type DaemonReport, isAwaited, type RuntimeReport, type StatusReport } from '../../admin/api/status-report.ts';
import { runtimeLabel } from '../../base/runtime-name.ts';
import { formatBytes, formatCount, formatMs, formatRate, formatSpan, printable, shorten } from '../terminal/figures.ts';
import type { Paint } from '../terminal/paint.ts';
import { wrap } from '../terminal/wrap.ts';
import { socketLines } from './socket-lines.ts';

/** Columns behind the runtime's id; their widths are with a space behind each. */
const COLUMNS = [
  ['STATE', 6, 'left'],
  ['SINCE', 8, 'left'],
  ['PODS', 6, 'right'],
  ['CONT', 6, 'right'],
  ['CALLS/S', 8, 'right'],
  ['ERRORS', 8, 'right'],
  ['P50/P99', 13, 'right'],
  ['SNAPSHOT', 9, 'right'],
] as const;

const FIXED = COLUMNS.reduce((sum, [, width]) => sum + width, 0);

/** The indent of the detail of a runtime. */
const INDENT = '  ';

/** How many lines the last error of a runtime may take; the whole is in the JSON. */
const ERROR_LINES = 2;

const borderless = Object.fromEntries(
  [
    ...['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'],
    ...['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid', 'middle'],
  ].map(name => [name, '']),
);

/** The status for a person, in lines of at most `width` columns, which is 80 or more. */
export function statusTable(report: StatusReport, width: number, paint: Paint): string {
  const first = Math.max(width - FIXED, 16);
  const table = new Table({
    chars: borderless,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 1 },
    colWidths: [first, ...COLUMNS.map(([, columns]) => columns)],
    colAligns: ['left', ...COLUMNS.map(([, , align]) => align)],
  });
  table.push(['RUNTIME', ...COLUMNS.map(([name]) => name)].map(cell => paint('head', cell)));
  const now = Date.parse(report.time);
  for (const runtime of report.runtimes) {
    table.push(cellsOf(runtime, now, first - 1, paint));
    for (const line of detailOf(runtime, now, width, paint))
      table.push([{ content: line, colSpan: COLUMNS.length + 1 }]);
  }
  const lines = [
    ...daemonLines(report.daemon, width),
    ...socketLines(report.daemon, text => textLines(text, width, ''), paint),
    ...faultLines(report.daemon, width, paint),
    '',
    ...table.toString().split('\n'),
  ];
  return `${lines.map(line => line.trimEnd()).join('\n')}\n`;
}

/** Shown first: while faults are injected, errors need no other cause. */
function faultLines({ faults = [] }: DaemonReport, width: number, paint: Paint): string[] {
  return faults.flatMap(fault => textLines(printable(fault), width, '')).map(line => paint('warn', line));
}

function daemonLines(daemon: DaemonReport, width: number): string[] {
  const { version, pid, uptimeSeconds, memory, logLevel, eventLoopLag, listen, configFile, calls } = daemon;
  const lag = eventLoopLag === null ? '' : `, loop lag p99 ${formatMs(eventLoopLag.p99Ms)}`;
  const lines = [
    `criproxy ${version}, pid ${pid}, up ${formatSpan(uptimeSeconds)}, ${formatBytes(memory.rssBytes)}, log level ${logLevel}${lag}`,
    `CRI on ${listen}, ${configFile === null ? 'configured by flags' : `configured by ${configFile}`}`,
  ];
  if (calls !== null) {
    const { perSecond, errors, ownP99Ms } = calls;
    const own = ownP99Ms === null ? '' : `, own share p99 ${formatMs(ownP99Ms)}`;
    lines.push(
      `clients: ${formatRate(perSecond)} calls/s, ${formatCount(errors)} errors, p50/p99 ${quantiles(calls)}${own}`,
    );
  }
  return lines.flatMap(line => textLines(line, width, ''));
}

function cellsOf(runtime: RuntimeReport, now: number, width: number, paint: Paint): string[] {
  const { id, state, snapshot, calls, notAnsweringSince } = runtime;
  const shown = notAnsweringSince === null ? state : 'hangs';
  const errors = calls === null ? '-' : formatCount(calls.errors);
  const count = (list: RuntimeReport['snapshot']['pods']) => (list === null ? '-' : formatCount(list.items));
  const ages = [snapshot.pods, snapshot.containers].map(list => list?.ageSeconds ?? Number.NaN);
  const age = Math.max(...ages);
  return [
    shorten(printable(runtimeLabel(id)), width),
    isAwaited(runtime) ? '-' : paint(shown === 'up' ? 'good' : 'bad', shown),
    formatSpan((now - Date.parse(notAnsweringSince ?? runtime.since)) / 1000),
    count(snapshot.pods),
    count(snapshot.containers),
    calls === null ? '-' : formatRate(calls.perSecond),
    calls !== null && calls.errorsPerSecond > 0 ? paint('warn', errors) : errors,
    calls === null ? '-' : quantiles(calls),
    Number.isNaN(age) ? 'none' : formatMs(age * 1000),
  ];
}

function quantiles({ p50Ms, p99Ms }: { readonly p50Ms: number | null; readonly p99Ms: number | null }): string {
  return p50Ms === null || p99Ms === null ? '-' : `${formatMs(p50Ms)}/${formatMs(p99Ms)}`;
}

/** The runtime's name and socket, the reason why it is down or taken to hang, and its last error. */
function detailOf(runtime: RuntimeReport, now: number, width: number, paint: Paint): string[] {
  const { name, version, packages, socket, reason, lastError, notAnsweringSince } = runtime;
  const lines: string[] = [];
  const what =
    name === null
      ? ''
      : `${shorten(printable(`${name} ${version ?? ''}`), 34)}  CRI ${packages.map(shortPackage).join(' ')}  `;
  const place = shorten(printable(socket), Math.max(12, width - INDENT.length - what.length));
  lines.push(paint('quiet', `${INDENT}${what}${place}`));
  if (reason !== null) {
    const [tone, text] = isAwaited(runtime)
      ? (['quiet', `not seen yet: ${reason}`] as const)
      : (['bad', reason] as const);
    for (const line of textLines(text, width)) lines.push(paint(tone, line));
  }
  if (runtime.lost === true) {
    const text = `its pods are not known: lists fail until it is up${forgetting(runtime)}`;
    for (const line of textLines(text, width)) lines.push(paint('bad', line));
  }
  if (runtime.retiring !== null && runtime.retiring !== undefined) {
    const isKnown = runtime.snapshot.pods !== null || !runtime.seen;
    const text = isKnown ? retiringText(runtime.retiring, now) : 'retiring, takes no new pods; its pods are not known';
    for (const line of textLines(text, width)) lines.push(paint('warn', line));
  }
  if (notAnsweringSince !== null) {
    const text = `connected, but has answered no call since ${notAnsweringSince}: look at its log, or restart it`;
    for (const line of textLines(text, width)) lines.push(paint('bad', line));
  }
  if (lastError !== null) {
    const { time, method, code, message } = lastError;
    const ago = formatSpan((now - Date.parse(time)) / 1000);
    const text = `last error ${ago} ago: ${method} ${code}${message === '' ? '' : `: ${message}`}`;
    lines.push(...limit(textLines(text, width), ERROR_LINES, width));
  }
  return lines;
}

/** How many pods on a retiring runtime are named; the JSON has all. */
const MOST_LEFT = 5;

function retiringText(left: readonly LeftPod[], now: number): string {
  if (left.length === 0) return 'retiring: no pod is left; it can be removed from the configuration';
  const named = left.slice(0, MOST_LEFT).map(({ namespace, name, since, owner }) => {
    const age = since === null ? [] : [formatSpan((now - Date.parse(since)) / 1000)];
    const facts = [...age, ...(owner === null ? [] : [owner])];
    return facts.length === 0 ? `${namespace}/${name}` : `${namespace}/${name} (${facts.join(', ')})`;
  });
  const more = left.length > MOST_LEFT ? ` and ${left.length - MOST_LEFT} more` : '';
  return `retiring, takes no new pods; left: ${named.join(', ')}${more}`;
}

/** The primary is in every list. */
function forgetting({ id }: RuntimeReport): string {
  return id === '' ? '' : `; if it has left for good: criproxy forget ${printable(id)}`;
}

function shortPackage(name: string): string {
  return printable(name.replace(/^runtime\./, ''));
}

function textLines(text: string, width: number, indent = INDENT): string[] {
  const words = printable(text)
    .split(' ')
    .map(word => shorten(word, width - indent.length));
  return wrap(words.join(' '), indent, width).trimEnd().split('\n');
}

function limit(lines: string[], most: number, width: number): string[] {
  if (lines.length <= most) return lines;
  return [...lines.slice(0, most - 1), `${lines[most - 1]!.slice(0, width - 2)} …`];
}
