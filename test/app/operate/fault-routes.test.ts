import { test } from 'tap';
import type { AdminAnswer } from '../../../src/admin/admin-route.ts';
import { faultRoutes } from '../../../src/app/operate/fault-routes.ts';
import { Code } from '../../../src/base/codes.ts';
import type { Logger } from '../../../src/base/logger.ts';
import { Faults } from '../../../src/faults/faults.ts';

function collect(): { log: Logger; lines: string[] } {
  const lines: string[] = [];
  const add = (message: string) => void lines.push(message);
  return { lines, log: { enabled: () => true, info: () => {}, warn: add, error: add } };
}

function startRoutes(faults: Faults | undefined) {
  const routes = faultRoutes(faults, () => ['', 'alt']);
  return async (method: string, { body, query = '' }: { body?: unknown; query?: string } = {}) => {
    const route = routes.find(each => each.method === method)!;
    const signal = new AbortController().signal;
    const answer: AdminAnswer = await route.handle({ query: new URLSearchParams(query), body, signal });
    return answer.kind === 'json' ? answer.value : answer;
  };
}

for (const method of ['GET', 'POST', 'DELETE']) {
  test(`${method} is refused where faults are not enabled`, async t => {
    const ask = startRoutes(undefined);
    await t.rejects(ask(method, { body: { hang: true } }), { status: 403, message: /-enableFaults/ });
  });
}

const standard = { method: '*', runtime: undefined, delay: 0, end: undefined, probability: 1, times: undefined };

const right: ReadonlyArray<readonly [body: object, rule: object, text: string]> = [
  [{ delay: 2000 }, { ...standard, delay: 2000 }, '* of all runtimes: waits 2000 ms'],
  [
    { method: 'List*', runtime: 'alt', hang: true },
    { ...standard, method: 'List*', runtime: 'alt', end: { kind: 'hang' } },
    'List* of runtime alt: hangs',
  ],
  [
    { runtime: 'primary', drop: true, times: 1 },
    { ...standard, runtime: '', end: { kind: 'drop' }, times: 1 },
    '* of the primary runtime: loses the connection, 1 time',
  ],
  [
    { error: 'unavailable', message: 'disk is gone', probability: 0.25, times: 3, delay: 10 },
    {
      ...standard,
      delay: 10,
      end: { kind: 'error', code: Code.Unavailable, message: 'disk is gone' },
      probability: 0.25,
      times: 3,
    },
    '* of all runtimes: waits 10 ms, fails with Unavailable, each with probability 0.25, 3 times',
  ],
];

for (const [body, rule, text] of right) {
  test(`POST ${JSON.stringify(body)}`, async t => {
    const { log, lines } = collect();
    const ask = startRoutes(new Faults(log));
    t.strictSame(await ask('POST', { body }), { id: 1 });
    t.strictSame(await ask('GET'), { faults: [{ id: 1, rule, hits: 0, isSpent: false, text }] });
    t.strictSame(lines, [`fault 1 is injected from now on: ${text}`], 'and the log says so');
  });
}

const wrong: ReadonlyArray<readonly [body: unknown, message: RegExp]> = [
  [undefined, /a fault is a JSON object/],
  [[], /a fault is a JSON object/],
  [{}, /give one of delay, error, hang, drop/],
  [{ method: 'List*' }, /give one of delay, error, hang, drop/],
  [{ method: 'Foo', hang: true }, /no method of CRI is called "Foo"/],
  [{ method: 7, hang: true }, /method is a text/],
  [{ runtime: 'beta', hang: true }, /no runtime "beta"; use one of primary, alt/],
  [{ error: 'OK' }, /"OK" is no gRPC code of an error; use one of Cancelled/],
  [{ error: 'Broken' }, /"Broken" is no gRPC code/],
  [{ error: 'Aborted', hang: true }, /in one way only/],
  [{ hang: true, drop: true }, /in one way only/],
  [{ hang: 'yes' }, /hang is true or false/],
  [{ delay: -1 }, /delay: -1 is no number from 0/],
  [{ delay: '2s' }, /delay: "2s" is no number/],
  [{ hang: true, times: 0 }, /times: 0 is no number from 1/],
  [{ hang: true, times: 1.5 }, /times: 1.5 is not a whole number/],
  [{ hang: true, probability: 2 }, /probability: 2 is no number from 0 to 1/],
  [{ hangs: true }, /"hangs" is no part of a fault/],
];

for (const [body, message] of wrong) {
  test(`POST ${JSON.stringify(body)} is refused`, async t => {
    const faults = new Faults(collect().log);
    await t.rejects(startRoutes(faults)('POST', { body }), { status: 400, message });
    t.equal(faults.isActive, false);
  });
}

test('faults are cleared one by one, or all', async t => {
  const { log, lines } = collect();
  const faults = new Faults(log);
  const ask = startRoutes(faults);
  for (const method of ['Version', 'Status', 'Exec']) await ask('POST', { body: { method, hang: true } });
  faults.meet('', 'Status');
  t.strictSame(faults.warnings(), [
    'fault 1 is injected: Version of all runtimes: hangs',
    'fault 2 is injected: Status of all runtimes: hangs',
    'fault 3 is injected: Exec of all runtimes: hangs',
  ]);
  t.strictSame(await ask('DELETE', { query: 'id=2' }), { cleared: 1 });
  await t.rejects(ask('DELETE', { query: 'id=2' }), { status: 404, message: /there is no fault 2/ });
  await t.rejects(ask('DELETE', { query: 'id=x' }), { status: 404, message: /no fault x/ });
  t.strictSame(await ask('DELETE'), { cleared: 2 });
  t.strictSame(await ask('DELETE'), { cleared: 0 });
  t.strictSame(faults.warnings(), []);
  t.strictSame(lines.slice(3), [
    'fault 2 is cleared after 1 call: Status of all runtimes: hangs',
    'fault 1 is cleared after 0 calls: Version of all runtimes: hangs',
    'fault 3 is cleared after 0 calls: Exec of all runtimes: hangs',
  ]);
});

test('there are a hundred at most', async t => {
  const ask = startRoutes(new Faults(collect().log));
  for (let count = 0; count < 100; count++) await ask('POST', { body: { delay: 1 } });
  await t.rejects(ask('POST', { body: { delay: 1 } }), { status: 429, message: /100 faults already/ });
});
