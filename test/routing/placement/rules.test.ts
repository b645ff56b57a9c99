import { test } from 'tap';
import { describeRule } from '../../../src/routing/placement/fit.ts';
import { rulesWithoutPods } from '../../../src/routing/placement/never-fit.ts';
import { shareOf } from '../../../src/routing/placement/share.ts';
import type { PlacementRule } from '../../../src/routing/port/placement-rule.ts';

const rules: readonly PlacementRule[] = [
  { namespaces: ['ci-*'], runtime: 'a' },
  { labels: { tier: 'batch' }, runtime: 'b' },
  { share: 0.1, runtime: 'b' },
  { runtime: '' },
];

test('a share is even over uids, the same for the same pod, and grows without losing pods', async t => {
  const uids = Array.from({ length: 20_000 }, (_, index) => `3f0c${index.toString(16).padStart(8, '0')}-0000-4000`);
  for (const share of [0.01, 0.1, 0.5]) {
    const chosen = uids.filter(uid => shareOf(uid, 'next') < share).length / uids.length;
    t.ok(Math.abs(chosen - share) < 0.01, `${share}: ${chosen}`);
  }
  t.equal(shareOf('3f0c0000-0000-4000', 'next'), 0.553936715470627, 'as any other build of the program has it');
  const both = uids.filter(uid => shareOf(uid, 'next') < 0.1 && shareOf(uid, 'other') < 0.1).length / uids.length;
  t.ok(Math.abs(both - 0.01) < 0.005, `shares of two runtimes are independent: ${both}`);
});

test('rules in words', async t => {
  t.strictSame(rules.map(describeRule), ['namespaces ci-*', 'labels tier=batch', 'share 10%', 'every pod']);
});

test('rules that can never fit', async t => {
  const row = (some: readonly PlacementRule[], retiring: readonly string[] = []) =>
    rulesWithoutPods(some, new Set(retiring)).map(({ rule, taker }) => [rule, taker]);
  t.strictSame(row(rules), []);
  t.strictSame(row([...rules, { namespaces: ['x'], runtime: 'a' }]), [[4, 3]], 'behind a default');
  t.strictSame(row([rules[0]!, { namespaces: ['ci-web'], runtime: 'b' }]), [[1, 0]], 'a glob takes a name');
  t.strictSame(row([{ namespaces: ['ci-web'], runtime: 'b' }, rules[0]!]), [], 'a name does not take a glob');
  t.strictSame(row([rules[1]!, { labels: { tier: 'batch', zone: 'x' }, runtime: 'a' }]), [[1, 0]], 'more labels');
  t.strictSame(row([{ share: 0.2, runtime: 'b' }, rules[2]!]), [[1, 0]], 'a smaller share of the same runtime');
  t.strictSame(row([{ share: 0.2, runtime: 'a' }, rules[2]!]), [], 'a share of another runtime');
  t.strictSame(row([{ share: 1, runtime: 'a' }, rules[2]!]), [[1, 0]], 'a share of all');
  t.strictSame(row([{ runtime: 'a' }, { runtime: 'b' }], ['a']), [], 'a rule that is passed over takes no pods');
  t.strictSame(row([{ runtime: 'a' }, { runtime: 'b' }, { runtime: '' }], ['a']), [[2, 1]], 'the next one does');
});
