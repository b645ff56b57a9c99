import { test } from 'tap';
import { Code, codeName } from '../../src/base/codes.ts';
import { ProxyError } from '../../src/base/error.ts';
import type { Logger } from '../../src/base/logger.ts';
import { NONE, SEVERAL } from '../../src/base/runtime-name.ts';
import { codeLabels, isError } from '../../src/watch/call-codes.ts';
import type { CallRecord } from '../../src/watch/call-record.ts';
import { CallStats, OTHER } from '../../src/watch/call-stats.ts';
import { CallWatch } from '../../src/watch/call-watch.ts';

const LIST = '/v1/List';
const EVENTS = '/v1/Events';

function lab() {
  const warnings: string[] = [];
  const log: Logger = {
    enabled: () => false,
    info() {},
    warn: message => void warnings.push(message),
    error() {},
  };
  const known = new Map([
    [LIST, { name: 'List', timed: true }],
    ['/v2/List', { name: 'List', timed: true }],
    [EVENTS, { name: 'Events', timed: false }],
  ]);
  const stats = new CallStats(known, log);
  const watch = new CallWatch();
  watch.add(stats);
  const begin = (path: string, streams = false) =>
    watch.begin(path, streams, { metadata: [], deadline: undefined, signal: new AbortController().signal });
  return { stats, watch, begin, warnings };
}

/** Puts a call and its parts at chosen times: this test does not measure. */
function place(call: CallRecord, begunAt: number, parts: readonly [number, number | undefined][]): void {
  Object.assign(call, { begunAt });
  for (const [at, [from, to]] of parts.entries()) Object.assign(call.parts[at]!, { begunAt: from, endedAt: to });
}

function counted({ calls, methods }: CallStats): Record<string, number> {
  const found: Record<string, number> = {};
  for (const [runtime, rows] of calls) {
    for (const [method, codes] of rows.entries()) {
      for (const [code, count] of codes?.entries() ?? []) {
        if (count > 0) found[`${methods[method]} ${runtime} ${codeLabels[code]}`] = count;
      }
    }
  }
  return found;
}

test('calls by method, runtime and code', async t => {
  const rows = [
    { title: 'of the primary', path: LIST, runtimes: [''], fault: undefined, label: 'List primary OK' },
    { title: 'in another package', path: '/v2/List', runtimes: ['alt'], fault: undefined, label: 'List alt OK' },
    { title: 'of two', path: LIST, runtimes: ['', 'alt'], fault: undefined, label: `List ${SEVERAL} OK` },
    { title: 'of one, asked twice', path: LIST, runtimes: ['alt', 'alt'], fault: undefined, label: 'List alt OK' },
    { title: 'of none', path: LIST, runtimes: [], fault: Code.InvalidArgument, label: `List ${NONE} InvalidArgument` },
    { title: 'unknown path', path: '/x/Y', runtimes: [''], fault: undefined, label: `${OTHER} primary OK` },
    { title: 'unknown code', path: LIST, runtimes: [''], fault: 77, label: 'List primary other' },
  ];
  for (const { title, path, runtimes, fault, label } of rows) {
    const { stats, watch, begin } = lab();
    const call = begin(path);
    for (const runtime of runtimes) call.sent(runtime, path)(Code.OK);
    watch.end(call, fault === undefined ? undefined : new ProxyError(fault, 'no'));
    t.strictSame(counted(stats), { [label]: 1 }, title);
  }
});

test('own share: the time without a wait for a runtime', async t => {
  const rows: { title: string; parts: [number, number | undefined][]; own: number }[] = [
    { title: 'no part', parts: [], own: 100 },
    { title: 'one part', parts: [[10, 70]], own: 40 },
    { title: 'two at once', parts: [[10, 70], [20, 90]], own: 20 },
    { title: 'one within the other', parts: [[10, 90], [20, 30]], own: 20 },
    { title: 'one after the other', parts: [[10, 30], [50, 90]], own: 40 },
    { title: 'a part that hangs', parts: [[10, 20], [10, undefined]], own: 10 },
    { title: 'a part that has ended later', parts: [[10, 200]], own: 10 },
  ]; // biome-ignore format: a row a line
  for (const { title, parts, own } of rows) {
    const { stats, begin } = lab();
    const call = begin(LIST);
    for (const _ of parts) call.sent('', LIST);
    place(call, 0, parts);
    call.endedAt = 100;
    stats.ended(call);
    t.equal(Math.round(stats.own.sum * 1000), own, `${title}: ${own} of 100 ms`);
  }
});

test('times of streams that stay open, and of unknown methods, are not in the histograms', async t => {
  for (const [path, count] of [
    [LIST, 1],
    [EVENTS, 0],
    ['/x/Y', 0],
  ] as const) {
    const { stats, watch, begin } = lab();
    const call = begin(path, true);
    t.match(stats.snapshotOfClients(), { open: 1, openStreams: 1 }, `${path} is open`);
    call.sent('', path)(Code.OK);
    watch.end(call);
    const sum = (all: CallStats['durations']) => all.reduce((total, each) => total + (each?.count ?? 0), 0);
    t.equal(sum(stats.durations), count, path);
    t.equal(sum(stats.runtimes.get('primary')!.durations), count, `${path} of the runtime`);
    t.match(stats.snapshotOfClients(), { open: 0, openStreams: 0, calls: 1 }, `${path} is over`);
  }
});

test('a runtime’s calls are counted for it, with its last error message', async t => {
  const { stats, watch, begin } = lab();
  const answers = [Code.OK, Code.NotFound, Code.Unavailable];
  for (const code of answers) {
    const call = begin(LIST);
    call.sent('alt', LIST)(code);
    watch.end(call, code === Code.OK ? undefined : new ProxyError(code, `because of ${codeName(code)}`));
  }
  const own = watch.send('alt', LIST, { metadata: [], deadline: undefined, signal: new AbortController().signal });
  own(Code.OK);
  const figures = stats.snapshotOfRuntime('alt');
  t.match(figures, { calls: 4, errors: 1, lastError: { method: 'List', code: 'Unavailable' } });
  t.equal(figures.lastError?.message, 'because of Unavailable');
  t.match(stats.snapshotOfRuntime(''), { calls: 0, errors: 0, lastError: undefined, p50: undefined });
});

test('an error that a snapshot has saved', async t => {
  const { stats, watch, begin } = lab();
  const call = begin(LIST);
  call.sent('', LIST)(Code.OK);
  call.sent('alt', LIST)(Code.DeadlineExceeded);
  watch.end(call);
  t.match(stats.snapshotOfRuntime('alt').lastError, { code: 'DeadlineExceeded', message: '' });
  t.equal(stats.snapshotOfClients().errors, 0);
});

test('errors that an operator should know of', async t => {
  const errors = Object.entries(Code).filter(([, code]) => isError(code)).map(([name]) => name); // biome-ignore format: one line
  const rest = ['OK', 'Cancelled', 'NotFound', 'Unimplemented'];
  t.strictSame(Object.keys(Code).filter(name => !errors.includes(name)), rest); // biome-ignore format: one line
});

test('a runtime that is no more has no series any more', async t => {
  const { stats, watch, begin } = lab();
  for (const id of ['', 'alt']) {
    const call = begin(LIST);
    call.sent(id, LIST)(Code.OK);
    watch.end(call);
  }
  stats.keepOnly(['']);
  t.strictSame(counted(stats), { 'List primary OK': 1 });
  t.strictSame([...stats.runtimes.keys()], ['primary']);
});

test('sizes of messages, and one warning an hour for each kind of large one', async t => {
  const MiB = 1024 * 1024;
  const { stats, watch, begin, warnings } = lab();
  const message = Buffer.alloc(13 * MiB);
  const small = Buffer.alloc(100);
  const call = begin(LIST);
  watch.pass(call, 'request', small);
  for (const each of [message, message, small]) watch.pass(call, 'response', each);
  watch.pass(begin(EVENTS), 'response', message);
  t.equal(stats.sizes.request.sum, 100);
  t.equal(stats.sizes.response.sum, 3 * 13 * MiB + 100);
  t.equal(stats.sizes.response.count, 4);
  t.strictSame([...stats.largest.response], [13 * MiB, 13 * MiB, 0]);
  t.strictSame([...stats.large.response], [2, 1, 0]);
  t.strictSame([...stats.large.request], [0, 0, 0]);
  t.equal(warnings.length, 2, 'one for each method');
  t.match(warnings[0], /^a response of List has 13\.0 MiB: .* 16 MiB; remove exited containers/);
});
