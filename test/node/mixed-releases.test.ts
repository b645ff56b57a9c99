import tap, { test } from 'tap';
import { needs } from '../support/require.ts';
import { startTwoRuntimes } from '../support/two-runtimes.ts';
import { checkEvents } from './scenarios/events.ts';
import { checkFeatures } from './scenarios/features.ts';
import { checkImages } from './scenarios/images.ts';
import { checkLists } from './scenarios/lists.ts';
import { checkMethods } from './scenarios/methods.ts';
import { checkPods } from './scenarios/pods.ts';
import { checkRestarts } from './scenarios/restarts.ts';
import { checkStats } from './scenarios/stats.ts';

/** Releases of containerd as the primary and as the secondary. */
const mixes = [
  ['1.6', '1.6'],
  ['2.1', '1.6'],
  ['1.6', '2.1'],
  ['1.7', '2.1'],
  ['2.1', '2.1'],
] as const;

// Most of the time is waiting.
tap.jobs = 2;

for (const [primary, secondary] of mixes) {
  test(`containerd ${primary} and ${secondary} as one`, {
    ...needs('root', 'demo', 'registry'),
    buffered: true,
  }, async t => {
    const lab = await startTwoRuntimes({ releases: { primary, secondary } });
    t.teardown(() => lab.stop());
    await t.test('pods', t => checkPods(t, lab));
    await t.test('lists', t => checkLists(t, lab));
    await t.test('methods', t => checkMethods(t, lab));
    await t.test('images', t => checkImages(t, lab));
    await t.test('stats', t => checkStats(t, lab));
    await t.test('features', t => checkFeatures(t, lab));
    await t.test('events', t => checkEvents(t, lab));
    await t.test('restarts', t => checkRestarts(t, lab));
  });
}
