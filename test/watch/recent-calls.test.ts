import { test } from 'tap';
import { RecentCalls } from '../../src/watch/recent-calls.ts';

test('rates are of the last 10 whole seconds', async t => {
  const rows = [
    { title: 'none', at: [], now: 20_000, perSecond: 0 },
    { title: '20 in the last ten seconds', at: Array(20).fill(15_500), now: 20_100, perSecond: 2 },
    { title: 'the second that runs does not count', at: [20_050], now: 20_100, perSecond: 0 },
    { title: 'the tenth second back counts', at: [10_500], now: 20_999, perSecond: 0.1 },
    { title: 'what is older does not', at: [9_999], now: 20_100, perSecond: 0 },
    { title: 'after a long silence in the same place of the ring', at: [1_000], now: 17_500, perSecond: 0 },
    { title: 'three seconds after the start', at: Array(6).fill(2_500), now: 3_500, perSecond: 2 },
  ];
  for (const { title, at, now, perSecond } of rows) {
    const recent = new RecentCalls(0);
    for (const time of at) recent.count(time, false);
    t.equal(recent.figures(now).callsPerSecond, perSecond, title);
  }
});

test('errors are counted beside the calls', async t => {
  const recent = new RecentCalls(0);
  for (let each = 0; each < 10; each++) recent.count(15_000, each % 2 === 0);
  t.match(recent.figures(20_000), { callsPerSecond: 1, errorsPerSecond: 0.5 });
});

test('percentiles are right within a quarter, from 16 us to 4 min', async t => {
  for (const ms of [0.016, 0.05, 0.3, 1, 4.2, 17, 250, 1_000, 10_000, 120_000, 250_000]) {
    const recent = new RecentCalls(0);
    for (let each = 0; each < 100; each++) recent.time(1_000, ms);
    const { p50, p99 } = recent.figures(2_000);
    t.ok(Math.abs(p50! / ms - 1) <= 0.25, `p50 of ${ms} ms is ${p50}`);
    t.ok(Math.abs(p99! / ms - 1) <= 0.25, `p99 of ${ms} ms is ${p99}`);
  }
});

test('p50 and p99 of a mixture', async t => {
  const recent = new RecentCalls(0);
  for (let each = 0; each < 98; each++) recent.time(1_000, 1);
  for (let each = 0; each < 2; each++) recent.time(1_000, 500);
  const { p50, p99 } = recent.figures(2_000);
  t.ok(p50! > 0.75 && p50! < 1.25, `p50 ${p50}`);
  t.ok(p99! > 375 && p99! < 625, `p99 ${p99}`);
});

test('times of a minute ago are forgotten', async t => {
  const recent = new RecentCalls(0);
  recent.time(5_000, 100);
  t.ok(recent.figures(59_000).p50! > 0, 'within the minute');
  t.equal(recent.figures(75_000).p50, undefined, 'after it');
  recent.time(75_001, 1);
  t.ok(recent.figures(76_000).p99! < 2, 'in the same place of the ring');
});

test('times out of range are in the first or the last bucket', async t => {
  for (const ms of [0, -1, 0.001, 1e9, Number.POSITIVE_INFINITY]) {
    const recent = new RecentCalls(0);
    recent.time(1_000, ms);
    t.ok(Number.isFinite(recent.figures(2_000).p50), `${ms} ms`);
  }
});
