import { test } from 'tap';
import { needs } from '../support/require.ts';
import { startTwoRuntimes } from '../support/two-runtimes.ts';

test('events of runtimes that have none', needs('root', 'demo'), async t => {
  const lab = await startTwoRuntimes();
  t.teardown(() => lab.stop());
  for (const side of lab.sides)
    t.match(await side.direct.ask('GetContainerEvents'), { code: 12 }, `the ${side.name} itself has no events`);
  // A kubelet asks five times, and uses its lists from then on (pkg/kubelet/pleg/evented.go).
  for (let time = 1; time <= 5; time++) {
    const { code } = await lab.client.stream('GetContainerEvents').outcome;
    t.equal(code, 12, `Unimplemented, time ${time}`);
  }
});
