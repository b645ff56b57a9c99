import { test } from 'tap';
import type { CallOptions, Calls, ReplyStream } from '../../src/base/call.ts';
import { Code } from '../../src/base/codes.ts';
import type { Logger } from '../../src/base/logger.ts';
import type { FaultRule } from '../../src/faults/fault-rule.ts';
import { Faults } from '../../src/faults/faults.ts';
import { faultyCalls } from '../../src/faults/faulty-calls.ts';
import { seeded } from '../wire/seeded.ts';

const silent: Logger = { enabled: () => false, info: () => {}, warn: () => {}, error: () => {} };
const nothing = Buffer.alloc(0);
const path = (method: string) => `/runtime.v1.RuntimeService/${method}`;

function optionsWith(options: Partial<CallOptions> = {}): CallOptions {
  return { metadata: [], deadline: undefined, signal: new AbortController().signal, ...options };
}

/** Calls to runtimes that answer at once, with faults in them. */
function startLab(random = () => 0) {
  const faults = new Faults(silent, random);
  const asked: string[] = [];
  const cuts: string[] = [];
  const runtime = (id: string): Calls =>
    faultyCalls(
      id,
      {
        async call(called) {
          asked.push(`${id}:${called.slice(called.lastIndexOf('/') + 1)}`);
          return { message: Buffer.from('answer'), headers: [], trailers: [] };
        },
        stream: (): ReplyStream => ({
          headers: Promise.resolve([['a', 'b']]),
          trailers: [['c', 'd']],
          async *[Symbol.asyncIterator]() {
            yield Buffer.from('one');
          },
        }),
      },
      faults,
      () => cuts.push(id),
    );
  const add = (rule: Partial<FaultRule>) =>
    faults.add({
      method: '*',
      runtime: undefined,
      delay: 0,
      end: undefined,
      probability: 1,
      times: undefined,
      ...rule,
    });
  return { faults, asked, cuts, add, primary: runtime(''), alt: runtime('alt') };
}

const unavailable = { kind: 'error', code: Code.Unavailable, message: 'disk is gone' } as const;

test('without a rule calls go on', async t => {
  const { primary, asked } = startLab();
  t.match(await primary.call(path('Version'), nothing, optionsWith()), { message: Buffer.from('answer') });
  t.strictSame(asked, [':Version']);
});

const matching: ReadonlyArray<readonly [rule: Partial<FaultRule>, failing: readonly string[]]> = [
  [{}, [':Version', ':ListContainers', 'alt:Version', 'alt:ListContainers']],
  [{ method: 'Version' }, [':Version', 'alt:Version']],
  [{ runtime: '' }, [':Version', ':ListContainers']],
  [{ runtime: 'alt' }, ['alt:Version', 'alt:ListContainers']],
  [{ method: 'List*', runtime: 'alt' }, ['alt:ListContainers']],
  [{ method: 'Exec' }, []],
];

for (const [rule, failing] of matching) {
  test(`an error for ${JSON.stringify(rule)} is met by ${failing.join(', ') || 'nobody'}`, async t => {
    const { primary, alt, add, asked } = startLab();
    add({ ...rule, end: unavailable });
    const failed: string[] = [];
    for (const [id, calls] of [
      ['', primary],
      ['alt', alt],
    ] as const) {
      for (const method of ['Version', 'ListContainers']) {
        await calls.call(path(method), nothing, optionsWith()).catch((fault: Error & { code: number }) => {
          t.match(fault, { code: Code.Unavailable, message: 'disk is gone' });
          failed.push(`${id}:${method}`);
        });
      }
    }
    t.strictSame(failed, failing);
    t.equal(asked.length, 4 - failing.length, 'the runtime got the others alone');
  });
}

test('a delay holds a call back, and its answer is the runtime’s', async t => {
  const { primary, add, asked } = startLab();
  add({ delay: 50 });
  const begin = performance.now();
  const answering = primary.call(path('Version'), nothing, optionsWith());
  t.strictSame(asked, [], 'not yet');
  t.match(await answering, { message: Buffer.from('answer') });
  t.ok(performance.now() - begin >= 49);
});

test('delays add up until the first end', async t => {
  const { faults, add } = startLab();
  add({ delay: 10 });
  add({ delay: 20, end: unavailable });
  add({ delay: 40, end: { kind: 'hang' } });
  t.match(faults.meet('', 'Version'), { delay: 30, end: unavailable });
});

test('a call that hangs ends with its deadline', async t => {
  const { primary, add } = startLab();
  add({ end: { kind: 'hang' } });
  const options = optionsWith({ deadline: performance.now() + 30 });
  await t.rejects(primary.call(path('Version'), nothing, options), { code: Code.DeadlineExceeded });
});

test('a call that hangs ends when the client cancels', async t => {
  const { primary, add } = startLab();
  add({ end: { kind: 'hang' } });
  const client = new AbortController();
  const call = primary.call(path('Version'), nothing, optionsWith({ signal: client.signal }));
  client.abort();
  await t.rejects(call, { code: Code.Cancelled });
  await t.rejects(primary.call(path('Version'), nothing, optionsWith({ signal: client.signal })), {
    code: Code.Cancelled,
  });
});

test('calls that hang end when the fault is cleared', async t => {
  const { primary, faults, add } = startLab();
  const id = add({ end: { kind: 'hang' } });
  const calls = Array.from({ length: 20 }, () => primary.call(path('Version'), nothing, optionsWith()));
  t.equal(faults.clear(id), 1);
  for (const call of calls) await t.rejects(call, { code: Code.Unavailable, message: /was cleared/ });
});

test('a delay ends with the deadline too', async t => {
  const { primary, add, asked } = startLab();
  add({ delay: 60_000 });
  const options = optionsWith({ deadline: performance.now() + 20 });
  await t.rejects(primary.call(path('Version'), nothing, options), { code: Code.DeadlineExceeded });
  t.strictSame(asked, []);
});

test('a drop cuts the connection of its runtime alone', async t => {
  const { primary, alt, add, asked, cuts } = startLab();
  add({ runtime: 'alt', end: { kind: 'drop' } });
  await primary.call(path('Version'), nothing, optionsWith());
  await t.rejects(alt.call(path('Version'), nothing, optionsWith()), { code: Code.Unavailable, message: /cut/ });
  t.strictSame(cuts, ['alt']);
  t.strictSame(asked, [':Version']);
});

test('a rule is over after so many hits', async t => {
  const { faults, add } = startLab();
  add({ method: 'Version', end: unavailable, times: 2 });
  t.ok(faults.isActive);
  t.equal(faults.meet('', 'Status'), undefined, 'another method does not count');
  const met = [1, 2, 3].map(() => faults.meet('', 'Version') !== undefined);
  t.strictSame(met, [true, true, false]);
  t.notOk(faults.isActive);
  t.match(faults.list(), [{ id: 1, hits: 2, isSpent: true }]);
  t.strictSame(faults.warnings(), []);
});

for (const probability of [0, 0.1, 0.9, 1]) {
  test(`probability ${probability}`, async t => {
    const random = seeded(11);
    const { faults, add } = startLab(() => random.below(1_000_000) / 1_000_000);
    add({ probability, end: unavailable });
    let met = 0;
    for (let count = 0; count < 2000; count++) met += faults.meet('', 'Version') === undefined ? 0 : 1;
    t.ok(Math.abs(met / 2000 - probability) < 0.03, `${met} of 2000`);
    t.equal(faults.list()[0]!.hits, met);
  });
}

test('a stream is delayed, fails, and passes', async t => {
  const { primary, add, faults } = startLab();
  const read = async () => {
    const messages: string[] = [];
    const stream = primary.stream(path('GetContainerEvents'), [nothing], optionsWith());
    for await (const message of stream) messages.push(String(message));
    return { messages, headers: await stream.headers, trailers: stream.trailers };
  };
  const whole = { messages: ['one'], headers: [['a', 'b']], trailers: [['c', 'd']] };
  t.strictSame(await read(), whole, 'without a rule');
  add({ delay: 5 });
  t.strictSame(await read(), whole, 'late');
  faults.clear();
  add({ end: unavailable });
  await t.rejects(read(), { code: Code.Unavailable, message: 'disk is gone' });
  const unread = primary.stream(path('GetContainerEvents'), [nothing], optionsWith());
  t.strictSame(await unread.headers, [], 'headers never reject');
});
