import { test } from 'tap';
import { Counters } from '../../src/watch/counters.ts';
import { EventLoopLag } from '../../src/watch/event-loop-lag.ts';
import { Histogram } from '../../src/watch/histogram.ts';
import { LargeMessages } from '../../src/watch/large-messages.ts';
import { waitFor } from '../support/child.ts';

test('counters by name', async t => {
  const counters = new Counters();
  const counter = counters.counter('a_total', 'things');
  counter.add();
  counter.add(2);
  t.equal(counter.value, 3);
  t.throws(() => counters.counter('a_total', 'other things'), /a metric a_total already/);
  const forget = counters.register({ name: 'b', help: '', type: 'gauge', labels: [], read: () => [] });
  t.strictSame([...counters].map(({ name }) => name), ['a_total', 'b']); // biome-ignore format: one line
  forget();
  t.strictSame([...counters].map(({ name }) => name), ['a_total']); // biome-ignore format: one line
});

test('a value is in the first bucket whose bound it does not pass', async t => {
  for (const [value, counts] of [
    [0, [1, 0, 0]],
    [1, [1, 0, 0]],
    [1.01, [0, 1, 0]],
    [10, [0, 1, 0]],
    [11, [0, 0, 1]],
  ] as const) {
    const histogram = new Histogram([1, 10]);
    histogram.observe(value);
    t.strictSame([...histogram.counts], counts, String(value));
    t.equal(histogram.sum, value);
    t.equal(histogram.count, 1);
  }
});

test('event-loop lag is how late a timer is that begins with a call, over the last minute', async t => {
  const lag = new EventLoopLag();
  t.teardown(() => lag.stop());
  let now = 1_000_000;
  t.equal(lag.figures(now), undefined, 'nothing is known at first');
  const look = (times: number, delay: number) => {
    for (let each = 0; each < times; each++) {
      now += 200;
      lag.look(now - delay, now);
    }
  };
  look(1, 900_001);
  look(100, 1);
  look(4, 51);
  look(194, 1);
  t.strictSame(lag.figures(now), { p50: 0, p99: 50, max: 900_000 });
  look(2, 1);
  t.equal(lag.figures(now)!.max, 50, 'after a minute it is forgotten');
  look(300, 0.5);
  t.strictSame(lag.figures(now), { p50: 0, p99: 0, max: 0 }, 'never negative');
  t.equal(lag.figures(now + 60_001), undefined, 'nor is anything known a minute after the last call');
});

test('event-loop lag is looked at where calls begin and where runtimes answer, and at no other time', async t => {
  const lag = new EventLoopLag();
  t.teardown(() => lag.stop());
  const timers = t.capture(globalThis, 'setTimeout', globalThis.setTimeout);
  t.equal(timers().length, 0, 'nobody calls');
  lag.partEnded({}, undefined);
  t.equal(timers().length, 0, 'a call of the proxy itself');
  const happens = { begun: () => lag.begun(), partEnded: () => lag.partEnded({}, {}) };
  for (const [event, happen] of Object.entries(happens)) {
    happen();
    happen();
    t.equal(timers().length, 1, `one look for all that happens in ${event} in a short time`);
    const stallEnds = performance.now() + 210;
    while (performance.now() < stallEnds);
    const looked = async () => ((lag.figures()?.max ?? 0) >= 200 ? true : undefined);
    t.ok(await waitFor('the look', looked), 'the turn of the event loop in which the call came is seen');
    timers();
  }
});

test('a warning of the same kind comes again after an hour', async t => {
  const said: string[] = [];
  const log = { enabled: () => true, info() {}, warn: (message: string) => void said.push(message), error() {} };
  const large = new LargeMessages(log);
  for (const [method, direction, now, count] of [
    ['List', 'response', 0, 1],
    ['List', 'response', 3_599_999, 1],
    ['List', 'request', 3_599_999, 2],
    ['List', 'response', 3_600_000, 3],
  ] as const) {
    large.warn(method, direction, 14e6, now);
    t.equal(said.length, count, `${method} ${direction} at ${now}`);
  }
});
