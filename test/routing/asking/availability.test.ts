import { test } from 'tap';
import { Code } from '../../../src/base/codes.ts';
import { whenUp } from '../../../src/routing/asking/availability.ts';
import { methods } from '../../support/facts.ts';
import { fakeRuntime } from '../fakes.ts';
import { callOptions, settle, startLab } from '../lab.ts';
import { requestFor } from '../requests.ts';

const ofOne = methods.filter(fact => !fact.serverStream && !/^(?:List|ImageFs|UpdateRuntimeConfig)/.test(fact.method));

for (const { method } of ofOne.filter(fact => requestFor(fact.method, 'alt') !== undefined)) {
  test(`${method} for a secondary that is down is Unavailable at once`, async t => {
    const lab = startLab([fakeRuntime(''), fakeRuntime('alt', { state: 'lost' })], { primaryWait: 60_000 });
    t.teardown(() => lab.stop());
    const fault = await lab.fault(method, requestFor(method, 'alt'));
    t.equal(fault.code, Code.Unavailable);
    t.equal(fault.message, 'criproxy: runtime alt is not up: no socket');
  });
}

for (const { method } of ofOne) {
  test(`${method} for a primary that comes up in time is answered`, async t => {
    const primary = fakeRuntime('', { state: 'down', answers: { [method]: Buffer.alloc(0) } });
    const lab = startLab([primary, fakeRuntime('alt')], { primaryWait: 60_000 });
    t.teardown(() => lab.stop());
    const answer = lab.call(method, requestFor(method, '') ?? {});
    await settle();
    t.equal(primary.asked.length, 0, 'not asked before');
    primary.comeUp();
    await answer;
    t.equal(primary.askedFor(method).length, 1);
  });
}

test('a call for a primary that stays down is Unavailable after the wait', async t => {
  const lab = startLab([fakeRuntime('', { state: 'down' })], { primaryWait: 50 });
  t.teardown(() => lab.stop());
  const begin = performance.now();
  const fault = await lab.fault('Version');
  t.ok(performance.now() - begin >= 49, 'not before the wait is over');
  t.equal(fault.code, Code.Unavailable);
  t.equal(fault.message, 'criproxy: the primary runtime is not up: no socket');
});

test('a runtime that goes down again has the last reason', async t => {
  const primary = fakeRuntime('');
  const lab = startLab([primary], { primaryWait: 1 });
  t.teardown(() => lab.stop());
  primary.goDown('it was shot');
  t.match((await lab.fault('Version')).message, 'it was shot');
});

test('whenUp', async t => {
  const options = callOptions();
  await whenUp(fakeRuntime(''), 0, options);
  t.pass('resolves for a runtime that is up');
  await t.rejects(
    whenUp(fakeRuntime('alt', { state: 'down' }), 0, options),
    { code: Code.Unavailable },
    'without a wait',
  );

  const over = new AbortController();
  over.abort();
  const late = callOptions({ signal: over.signal });
  await t.rejects(
    whenUp(fakeRuntime('', { state: 'down' }), 60_000, late),
    { code: Code.Unavailable },
    'a call that is over already',
  );

  const cancel = new AbortController();
  const waiting = whenUp(fakeRuntime('', { state: 'down' }), 60_000, callOptions({ signal: cancel.signal }));
  cancel.abort();
  await t.rejects(waiting, { code: Code.Unavailable }, 'a call that ends while it waits');
});
