import { test } from 'tap';
import { type Bar, bars, misses } from './bars.ts';

test('every bar has one side, and says why', async t => {
  for (const [name, { max, min, why }] of Object.entries(bars)) {
    t.ok((max === undefined) !== (min === undefined), name);
    t.ok(why.length > 0, `why ${name}`);
  }
});

const atMost: Bar = { mode: 'node', max: 2, why: '' };
const atLeast: Bar = { mode: 'node', min: 2, why: '' };

const rows: readonly (readonly [
  title: string,
  bar: Bar,
  figure: number | undefined,
  margin: number,
  missed: string[],
])[] = [
  ['at most 2 and -1', atMost, -1, 1, []],
  ['at most 2 and 2', atMost, 2, 1, []],
  ['at most 2 and 2.1', atMost, 2.1, 1, ['it: 2.10 is above 2']],
  ['at most 2 and 3.9, with a margin of 2', atMost, 3.9, 2, []],
  ['at most 2 and 4.1, with a margin of 2', atMost, 4.1, 2, ['it: 4.10 is above 4']],
  ['at least 2 and 1.9', atLeast, 1.9, 1, ['it: 1.90 is below 2']],
  ['at least 2 and 1.1, with a margin of 2', atLeast, 1.1, 2, []],
  ['at most 2 and not measured', atMost, undefined, 1, ['it: not measured']],
  ['at most 2 and not a number', atMost, Number.NaN, 1, ['it: not measured']],
];

for (const [title, bar, figure, margin, missed] of rows) {
  test(`misses: ${title}`, async t => {
    const figures: Record<string, number> = figure === undefined ? {} : { it: figure };
    t.same(
      misses(figures, () => true, margin, { it: bar }),
      missed,
    );
  });
}

test('a bar that is not looked at is not missed', async t => {
  t.same(
    misses({}, () => false, 1, { it: atMost }),
    [],
  );
});
