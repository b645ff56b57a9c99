import { test } from 'tap';
import { lastResult } from '../../../src/routing/names/last-result.ts';

const [a, b] = [Buffer.from('a'), Buffer.from('b')];

/** The inputs in order, and the number of times that a result is computed. */
const rows: ReadonlyArray<readonly [what: string, given: Buffer[][], made: number]> = [
  [
    'the same Buffers',
    [
      [a, b],
      [a, b],
      [a, b],
    ],
    1,
  ],
  ['an equal Buffer, but another one', [[a], [Buffer.from('a')]], 2],
  [
    'another order',
    [
      [a, b],
      [b, a],
    ],
    2,
  ],
  ['fewer', [[a, b], [a]], 2],
  ['more', [[a], [a, b]], 2],
  ['none', [[], []], 1],
  ['two by turns', [[a], [b], [a], [b]], 4],
];

for (const [what, given, made] of rows) {
  test(`given ${what} it makes ${made} results`, async t => {
    let count = 0;
    const join = lastResult((...messages) => {
      count++;
      return Buffer.concat(messages);
    });
    for (const messages of given) t.same(join(...messages), Buffer.concat(messages));
    t.equal(count, made);
  });
}

test('a result that cannot be made is tried again, and the result before is kept', async t => {
  const join = lastResult(message => {
    if (message === b) throw new Error('no');
    return Buffer.from(message!);
  });
  const first = join(a);
  t.throws(() => join(b));
  t.throws(() => join(b));
  t.equal(join(a), first);
});
