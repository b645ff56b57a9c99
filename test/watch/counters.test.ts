import { test } from 'tap';
import { Counters } from '../../src/watch/counters.ts';
import { EventLoopLag } from '../../src/watch/event-loop-lag.ts';
import { Histogram } from '../../src/watch/histogram.ts';
import { LargeMessages } from '../../src/watch/large-messages.ts';

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

test('event-loop lag is what a timer is late, over the last minute', async t => {
  const lag = new EventLoopLag();
  t.teardown(() => lag.stop());
  t.equal(lag.figures(), undefined, 'nothing is known at first');
  let now = performance.now() + 1_000_000;
  lag.look(now);
  const look = (times: number, pause: number) => {
    for (let each = 0; each < times; each++) {
      now += pause;
      lag.look(now);
    }
  };
  look(100, 200);
  look(1, 250);
  look(198, 200);
  t.equal(Math.round(lag.figures()!.p50), 0);
  t.ok(lag.figures()!.max > 900_000, 'the first look of this test is very late');
  look(50, 200);
  t.equal(Math.round(lag.figures()!.max), 50, 'after a minute it is forgotten');
  look(300, 199);
  t.strictSame(lag.figures(), { p50: 0, p99: 0, max: 0 }, 'never negative');
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
