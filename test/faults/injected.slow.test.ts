import { test } from 'tap';
import { askAdmin } from '../../src/admin/admin-client.ts';
import { outcomeOf, startTrace, startTracedDaemon } from '../cli/trace/trace-command-lab.ts';
import { waitFor } from '../support/child.ts';
import type { CriClient } from '../support/cri-client.ts';

const OK = 0;
const DEADLINE_EXCEEDED = 4;
const ABORTED = 10;
const UNAVAILABLE = 14;

type Ask = readonly [method: string, request: object];
const ofPrimary: Ask = ['ContainerStatus', { container_id: 'container-web' }];
const ofAlt: Ask = ['ContainerStatus', { container_id: 'alt__container-db' }];
const otherMethod: Ask = ['PodSandboxStatus', { pod_sandbox_id: 'alt__pod-db' }];

async function code(client: CriClient, [method, request]: Ask, deadline = 20_000): Promise<number> {
  return (await client.ask(method, request, { deadline })).code;
}

test('faults of every kind, by method and runtime', async t => {
  const { client, admin, alt, proxy } = await startTracedDaemon(t, ['-enableFaults']);
  const add = (rule: object) =>
    askAdmin(admin, 'POST', '/v1/faults', { method: 'ContainerStatus', runtime: 'alt', ...rule });
  const clear = () => askAdmin(admin, 'DELETE', '/v1/faults');
  const hits = async () => {
    const { faults } = (await askAdmin(admin, 'GET', '/v1/faults')) as { faults: { hits: number }[] };
    return faults[0]!.hits;
  };
  const others = async () => [await code(client, ofPrimary), await code(client, otherMethod)];

  t.equal(await code(client, ofAlt), OK, 'before there are any');

  await add({ error: 'Aborted', message: 'disk is gone' });
  t.match(await client.ask(...ofAlt), { code: ABORTED, details: 'disk is gone' });
  t.strictSame(await others(), [OK, OK], 'other runtimes and methods go on');
  t.equal(alt.asked('ContainerStatus').length, 1, 'the runtime did not get it');
  await clear();
  t.equal(await code(client, ofAlt), OK, 'when it is cleared');

  await add({ delay: 400 });
  const begun = performance.now();
  const late = code(client, ofAlt).then(value => ({ value, took: performance.now() - begun }));
  t.strictSame(await others(), [OK, OK]);
  const { value, took } = await late;
  t.equal(value, OK);
  t.ok(took >= 399, `the call took ${took.toFixed(0)} ms`);
  t.equal(await hits(), 1, 'it waits for no other call');
  await clear();

  await add({ hang: true });
  t.equal(await code(client, ofAlt, 1_000), DEADLINE_EXCEEDED);
  t.strictSame(await others(), [OK, OK]);
  const before = await hits();
  const hanging = code(client, ofAlt);
  await waitFor('it to hang', async () => (await hits()) === before + 1 || undefined);
  await clear();
  t.equal(await hanging, UNAVAILABLE, 'a call that hangs ends with the fault');

  await add({ drop: true, times: 1 });
  t.equal(await code(client, ofAlt), UNAVAILABLE);
  t.equal(await code(client, ofPrimary), OK, 'the other runtime is up');
  await waitFor('the runtime to be up again', async () => (await code(client, ofAlt)) === OK || undefined);
  t.match(proxy.log(), /runtime alt is down: lost the connection/);
  t.notMatch(proxy.log(), /the primary runtime is down/);
  await clear();
});

test('a list of a runtime that hangs comes from its snapshot', async t => {
  const { client, admin } = await startTracedDaemon(t, ['-enableFaults', '-listTimeout', '300ms']);
  await askAdmin(admin, 'POST', '/v1/faults', { method: 'List*', runtime: 'alt', hang: true });
  const { containers } = await client.call('ListContainers');
  t.strictSame(
    (containers as { id: string }[]).map(({ id }) => id),
    ['container-web', 'alt__container-db'],
  );
});

test('the command', async t => {
  const { client, admin, proxy } = await startTracedDaemon(t, ['-enableFaults']);
  const faults = (...words: string[]) => outcomeOf(t, ['faults', ...words, '--admin-socket', admin]);
  t.match(await faults('show'), { status: 0, stdout: 'no faults are injected\n' });
  const error = ['--method', 'Container*', '--runtime', 'alt', '--error', 'Unavailable:disk: gone', '--times', '2'];
  t.match(await faults('add', ...error), { status: 0, stdout: '1\n' });
  t.match(await faults('add', '--method', 'Exec', '--delay', '1m30s'), { status: 0, stdout: '2\n' });
  t.match(await faults('add', '--runtime', 'beta', '--hang'), { status: 1, stderr: /no runtime "beta"/ });
  const status = await outcomeOf(t, ['status', '--admin-socket', admin]);
  t.match(
    status.stdout,
    /\nfault 1 is injected: Container\* of runtime alt: fails with Unavailable, 2 times\nfault 2 /,
  );
  const trace = await startTrace(t, admin, '--count', '1');
  t.match(await client.ask(...ofAlt), { code: UNAVAILABLE, details: 'disk: gone' });
  t.equal(await trace.ended, 0);
  t.match(trace.stdout(), /ContainerStatus .* alt .* Unavailable\n +disk: gone\n/, 'a trace shows it as the runtime’s');
  t.match(await faults('show'), {
    status: 0,
    stdout: `1  Container* of runtime alt: fails with Unavailable, 2 times (1 call hit)
2  Exec of all runtimes: waits 90000 ms (0 calls hit)
`,
  });
  t.match(await faults('clear', '1'), { status: 0, stdout: 'cleared 1\n' });
  t.match(await faults('clear', '1'), { status: 1, stderr: /there is no fault 1/ });
  t.match(await faults('clear'), { status: 0, stdout: 'cleared 1\n' });
  t.equal(await code(client, ofAlt), OK);
  t.match(
    proxy.log(),
    /W.*fault 1 is injected from now on: Container\* of runtime alt: fails with Unavailable, 2 times/,
  );
  t.match(proxy.log(), /W.*fault 1 is cleared after 1 call:/);
});

test('without -enableFaults there are none', async t => {
  const { client, admin } = await startTracedDaemon(t);
  const refused = { name: 'AdminError', message: /faults are not enabled: start the daemon with -enableFaults/ };
  for (const [method, body] of [['GET'], ['POST', { hang: true }], ['DELETE']] as const) {
    await t.rejects(askAdmin(admin, method, '/v1/faults', body), refused, method);
  }
  t.equal(await code(client, ofAlt), OK);
});
