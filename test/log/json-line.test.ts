import { test } from 'tap';
import type { About } from '../../src/base/logger.ts';
import { jsonLine } from '../../src/log/json-line.ts';
import { makeLogger } from '../../src/log/log-line.ts';

function collect(level = 3) {
  const written: string[] = [];
  return { log: makeLogger({ get: () => level }, line => written.push(jsonLine(line))), written };
}

test('a line is one JSON object', async t => {
  const { log, written } = collect();
  const before = Date.now();
  const fields = { container_id: 'c1', timeout: 30 };
  log.info(3, 'StopContainer request (runtime.v1)', fields, {
    call: { id: 7 },
    method: 'StopContainer',
    runtime: 'alt',
  });
  t.match(written[0], /^\{[^\n]+\}\n$/);
  const { time, file, ...rest } = JSON.parse(written[0]!);
  t.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  t.ok(Date.parse(time) >= before && Date.parse(time) <= Date.now());
  t.match(file, /^json-line\.test\.ts:\d+$/);
  t.strictSame(rest, {
    severity: 'info',
    level: 3,
    message: 'StopContainer request (runtime.v1)',
    call: 7,
    method: 'StopContainer',
    runtime: 'alt',
    pid: process.pid,
    fields,
  });
});

const abouts: ReadonlyArray<readonly [about: About, keys: Record<string, unknown>]> = [
  [{}, {}],
  [{ runtime: '' }, { runtime: 'primary' }],
  [{ call: undefined, method: 'Status' }, { method: 'Status' }],
  [{ change: true }, {}],
];

for (const [about, keys] of abouts) {
  test(`what a line about ${JSON.stringify(about)} has`, async t => {
    const { log, written } = collect();
    log.warn('x', about);
    const { time: _, file: __, pid: ___, ...rest } = JSON.parse(written[0]!);
    t.strictSame(rest, { severity: 'warning', level: 0, message: 'x', ...keys });
  });
}

test("a peer's text stays in its line", async t => {
  const { log, written } = collect();
  log.error('two\nlines "quoted" \u001b[31m', { method: '/x\n' });
  t.equal(written[0]!.split('\n').length, 2);
  t.equal(JSON.parse(written[0]!).message, 'two\nlines "quoted" \u001b[31m');
});

test('a control of one character is escaped, and the JSON is the same', async t => {
  const { log, written } = collect();
  log.info(0, 'a\u009b2J', { name: '\u202eb' });
  t.notMatch(written[0], /[\u009b\u202e]/);
  t.match(JSON.parse(written[0]!), { message: 'a\u009b2J', fields: { name: '\u202eb' } });
});

test('a message has no secret of a URL', async t => {
  const { log, written } = collect();
  log.warn('pull: Get "https://joe:pw@cdn/blob?sig=abc": proxyconnect tcp: http://joe:pw@proxy:3128');
  t.notMatch(written[0], /joe|pw@|abc/);
});
