import { test } from 'tap';
import { bars, misses } from './bars.ts';
import { benchNode } from './node/node-bench.ts';

/**
 * A machine that tests share shows no small differences. A mistake costs more: timers at rest were 1 % of a core and 7
 * wake-ups a second.
 */
const MARGIN = 4;

for (const only of ['no calls', 'Version, 14 a second']) {
  test(`${only}: the bars hold, if four times as wide`, async t => {
    const print = (line: string) => t.comment(line);
    const figures = await benchNode({ native: undefined, period: 5000, rounds: 1, only, flags: [], print });
    const names = Object.keys(bars).filter(name => name.startsWith(only));
    t.ok(names.length > 0, names.join('; '));
    t.same(
      misses(figures, bar => bar.native !== true, MARGIN, Object.fromEntries(names.map(name => [name, bars[name]!]))),
      [],
    );
  });
}
