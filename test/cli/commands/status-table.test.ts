import { test } from 'tap';
import type { CallsReport, RuntimeReport, StatusReport } from '../../../src/admin/api/status-report.ts';
import { statusTable } from '../../../src/cli/commands/status-table.ts';
import {
  formatBytes,
  formatCount,
  formatMs,
  formatSpan,
  printable,
  shorten,
} from '../../../src/cli/terminal/figures.ts';
import type { Paint } from '../../../src/cli/terminal/paint.ts';

const NOW = Date.parse('2026-03-01T12:00:00.000Z');

const plain: Paint = (_, text) => text;
/** Paints with codes that take no column. */
const marked: Paint = (tone, text) =>
  ({ bad: `\x1b[31m${text}\x1b[39m`, warn: `\x1b[33m${text}\x1b[39m` })[tone as 'bad'] ?? text;

function ago(seconds: number): string {
  return new Date(NOW - seconds * 1000).toISOString();
}

const calls: CallsReport = { total: 48_213, errors: 3, perSecond: 14.23, errorsPerSecond: 0, p50Ms: 1.2, p99Ms: 12.4 };

function makeRuntime(changes: Partial<RuntimeReport>): RuntimeReport {
  const list = (items: number) => ({ items, ageSeconds: 0.4 });
  return {
    id: '',
    primary: false,
    socket: '/run/containerd/containerd.sock',
    state: 'up',
    seen: true,
    lost: false,
    since: ago(3 * 86_400 + 4 * 3600),
    notAnsweringSince: null,
    reason: null,
    name: 'containerd',
    version: 'v1.7.24',
    packages: ['runtime.v1', 'runtime.v1alpha2'],
    labels: {},
    retiring: null,
    snapshot: { pods: list(12), containers: list(31), images: list(9) },
    calls,
    lastError: null,
    ...changes,
  };
}

function makeReport(runtimes: readonly Partial<RuntimeReport>[]): StatusReport {
  return {
    format: 1,
    time: ago(0),
    daemon: {
      version: '1.0.0',
      base: 'Node 24.21.0, dynamic, glibc, amd64, sea',
      pid: 812,
      startedAt: ago(300_000),
      uptimeSeconds: 300_000,
      listen: '/run/criproxy.sock',
      adminSocket: '/var/lib/criproxy/admin.sock',
      metrics: null,
      stateDir: '/var/lib/criproxy',
      configFile: '/etc/criproxy/config.yaml',
      logLevel: 2,
      memory: { rssBytes: 48 * 1024 * 1024, heapBytes: 1, externalBytes: 1 },
      calls: { ...calls, open: 2, openStreams: 1, ownP50Ms: 0.2, ownP99Ms: 0.9 },
      eventLoopLag: { p50Ms: 0.1, p99Ms: 1.3, maxMs: 20 },
    },
    runtimes: runtimes.map(makeRuntime),
  };
}

const long = 'an-id-that-somebody-has-thought-about-for-long.example.org';
const five = makeReport([
  {},
  {
    id: 'virtlet.cloud',
    socket: '/run/virtlet.sock',
    name: 'virtlet',
    version: '1.5.1',
    packages: ['runtime.v1alpha2'],
  },
  {
    id: 'kata',
    state: 'down',
    since: ago(125),
    reason: 'nothing listens on /run/kata/containerd.sock (the runtime has stopped; look at its log)',
    name: null,
    version: null,
    packages: [],
    calls: { ...calls, errors: 1_234_567, perSecond: 1234.5, errorsPerSecond: 2, p50Ms: 812, p99Ms: 61_000 },
    lastError: { time: ago(4), method: 'RunPodSandbox', code: 'Unavailable', message: 'no such thing '.repeat(30) },
  },
  { id: long, socket: `/var/lib/${'folder/'.repeat(20)}containerd.sock`, version: `v2.0.0+${'build.'.repeat(20)}` },
  { id: 'gvisor', calls: null, snapshot: { pods: null, containers: null, images: null } },
]);

test('five runtimes, one down, one with names that are too long, in 80 columns', async t => {
  t.equal(
    statusTable(five, 80, plain),
    `criproxy 1.0.0, pid 812, up 3d 11h, 48 MiB, log level 2, loop lag p99 1.3ms
CRI on /run/criproxy.sock, configured by /etc/criproxy/config.yaml
clients: 14.2 calls/s, 3 errors, p50/p99 1.2ms/12ms, own share p99 0.9ms

RUNTIME         STATE SINCE    PODS  CONT CALLS/S  ERRORS      P50/P99 SNAPSHOT
primary         up    3d 4h      12    31    14.2       3   1.2ms/12ms    400ms
  containerd v1.7.24  CRI v1 v1alpha2  /run/containerd/containerd.sock
virtlet.cloud   up    3d 4h      12    31    14.2       3   1.2ms/12ms    400ms
  virtlet 1.5.1  CRI v1alpha2  /run/virtlet.sock
kata            down  2m 5s      12    31    1235    1.2M  812ms/61.0s    400ms
  /run/containerd/containerd.sock
  nothing listens on /run/kata/containerd.sock (the runtime has stopped; look at
  its log)
  last error 4s ago: RunPodSandbox Unavailable: no such thing no such thing no
  such thing no such thing no such thing no such thing no such thing no such …
an-id…ample.org up    3d 4h      12    31    14.2       3   1.2ms/12ms    400ms
  containerd v2…d.build.build.build.  CRI v1 v1alpha2  /var/lib/…containerd.sock
gvisor          up    3d 4h       -     -       -       -            -     none
  containerd v1.7.24  CRI v1 v1alpha2  /run/containerd/containerd.sock
`,
  );
});

test('a secondary that was never there is not seen yet, and no fault', async t => {
  const never: Partial<RuntimeReport> = { state: 'down', seen: false, reason: 'there is no socket', packages: [] };
  const lines = statusTable(makeReport([never, { ...never, id: 'vm' }]), 80, marked).split('\n');
  t.match(lines[5], '\x1b[31mdown\x1b[39m');
  t.match(lines[7], '\x1b[31m  there is no socket');
  t.match(lines[8], /^vm +- /);
  t.equal(lines[10], '  not seen yet: there is no socket');
});

for (const width of [80, 81, 100, 132, 200]) {
  test(`no line is longer than ${width} columns`, async t => {
    const lines = statusTable(five, width, plain).split('\n');
    t.same(
      lines.filter(line => line.length > width),
      [],
    );
    t.equal(
      lines.some(line => line.startsWith(`${long} `)),
      width >= 132,
      'the id is shortened only where there is no room',
    );
  });
}

test('a runtime that is connected and answers nothing hangs, since then', async t => {
  const text = statusTable(makeReport([{ notAnsweringSince: ago(75) }]), 80, plain);
  t.match(text, /^primary +hangs 1m 15s /m);
  t.match(text.replaceAll(/\s+/g, ' '), `connected, but has answered no call since ${ago(75)}: look at its log`);
});

test('a runtime whose state is lost has the remedy beside it', async t => {
  const down = { state: 'down', lost: true, reason: 'nothing listens' } as const;
  const [primary, alt] = [makeRuntime(down), makeRuntime({ ...down, id: 'alt' })].map(runtime =>
    statusTable(makeReport([runtime]), 80, plain).replaceAll(/\s+/g, ' '),
  ) as [string, string];
  t.match(alt, 'lists fail until it is up; if it has left for good: criproxy forget alt');
  t.match(primary, 'lists fail until it is up');
  t.notMatch(primary, 'forget');
});

test('faults stand out', async t => {
  const text = statusTable(five, 80, marked);
  t.match(text, '\x1b[31mdown\x1b[39m');
  t.match(text, '\x1b[31m  nothing listens on /run/kata');
  t.match(text, '\x1b[33m1.2M\x1b[39m');
  t.notMatch(text, '\x1b[33m3', 'errors of long ago do not');
});

test('a runtime’s own name and version cannot control the terminal', async t => {
  const text = statusTable(
    makeReport([{ id: 'x\x1b[2Jy', version: '1\x1b]0;title\x07\n2', reason: 'a\rb\x9bc', state: 'down' }]),
    80,
    plain,
  );
  t.notMatch(text.replaceAll('\n', ''), /[\p{Cc}]/u);
  t.match(text, 'x\ufffd[2Jy');
});

const figures: readonly [text: string, expected: string][] = [
  [formatSpan(0), '0s'],
  [formatSpan(-5), '0s'],
  [formatSpan(59.9), '59s'],
  [formatSpan(60), '1m'],
  [formatSpan(3599), '59m 59s'],
  [formatSpan(86_399), '23h 59m'],
  [formatSpan(86_400), '1d'],
  [formatSpan(99.9 * 86_400), '99d 21h'],
  [formatSpan(412 * 86_400), '412d'],
  [formatMs(0), '0.0ms'],
  [formatMs(9.94), '9.9ms'],
  [formatMs(9.96), '10ms'],
  [formatMs(999.4), '999ms'],
  [formatMs(999.6), '1.0s'],
  [formatMs(99_949), '99.9s'],
  [formatMs(125_000), '2m 5s'],
  [formatCount(9999), '9999'],
  [formatCount(10_000), '10.0k'],
  [formatCount(999_940), '999.9k'],
  [formatCount(999_960), '1.0M'],
  [formatCount(2_000_000_000), '2.0G'],
  [formatBytes(512), '512 B'],
  [formatBytes(1000), '1.0 KiB'],
  [formatBytes(50_331_648), '48 MiB'],
  [shorten('abcdef', 6), 'abcdef'],
  [shorten('abcdefg', 6), 'ab…efg'],
  [shorten('abcdefg', 1), '…'],
  [printable('a\tb\n c'), 'a b c'],
];

test('figures', async t => {
  for (const [text, expected] of figures) t.equal(text, expected, expected);
});

test('a retiring runtime: the pods that are left, none, and pods that are not known', async t => {
  const unknown = { pods: null, containers: null, images: null };
  const left = [{ namespace: 'ci', name: 'web-0', since: ago(60), owner: null }];
  for (const [changes, text] of [
    [{ retiring: left }, /retiring, takes no new pods; left: ci\/web-0 \(1m.*\)/],
    [{ retiring: [] }, /retiring: no pod is left; it can be removed/],
    [{ retiring: [], snapshot: unknown }, /retiring, takes no new pods; its pods are not known/],
    [{ retiring: [], snapshot: unknown, seen: false, state: 'down', reason: 'none' }, /no pod is left/],
  ] as const) {
    t.match(statusTable(makeReport([changes]), 120, plain), text);
  }
});
