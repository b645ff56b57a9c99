import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'tap';
import { waitFor } from '../../support/child.ts';
import { type CriClient, connect } from '../../support/cri-client.ts';
import { methodPath, type Package, packages } from '../../support/facts.ts';
import { startFakeRuntime } from '../../support/fake-runtime.ts';
import { startProxy } from '../../support/proxy.ts';
import { PATIENCE, testPairs } from './pairs.ts';

function stop(client: CriClient, container_id: string) {
  return client.ask('StopContainer', { container_id }, PATIENCE);
}

/** Asks until the proxy serves it; the support's own bound is the limit. */
function served(client: CriClient, container_id: string): Promise<true> {
  return waitFor(
    `${container_id} to be served`,
    async () => (await stop(client, container_id)).code === 0 || undefined,
  );
}

testPairs('a secondary that is stopped and started again', async (t, { client, primary, alt, proxy }) => {
  for (const runtime of [primary, alt]) runtime.answers['StopContainer'] = Buffer.alloc(0);
  await served(client, 'alt__c1');
  const before = proxy.log().length;
  await alt.stop();
  await waitFor('the proxy to notice', () => /runtime alt is down/.test(proxy.log().slice(before)) || undefined);
  const begin = performance.now();
  const outcome = await stop(client, 'alt__c1');
  t.equal(outcome.code, 14, 'Unavailable while it is down');
  t.match(outcome.details, 'runtime alt');
  t.ok(performance.now() - begin < 4_500, 'at once: the wait for a primary takes 5 s');
  t.equal((await stop(client, 'c1')).code, 0, 'the primary serves');
  await alt.start();
  await served(client, 'alt__c1');
  t.pass('it is served again');
  const lines = proxy.log().slice(before).split('\n');
  const said = lines.filter(line => /runtime alt is (?:up|down)/.test(line)).map(line => line.replace(/^.*\] /, ''));
  t.equal(new Set(said).size, said.length, `each change is said once: ${said.join('; ')}`);
  t.equal(said.filter(line => line.includes('is up')).length, 1);
  t.ok(
    said.every(line => line.includes(alt.socketPath)),
    'with its path',
  );
});

testPairs('a primary that is stopped and started again', async (t, { client, primary, alt, proxy }) => {
  for (const runtime of [primary, alt]) runtime.answers['StopContainer'] = Buffer.alloc(0);
  await served(client, 'c1');
  const before = proxy.log().length;
  await primary.stop();
  await waitFor('the proxy to notice', () => /primary runtime is down/.test(proxy.log().slice(before)) || undefined);
  const waiting = stop(client, 'c1');
  t.equal((await stop(client, 'alt__c1')).code, 0, 'the secondary serves meanwhile');
  await primary.start();
  t.equal((await waiting).code, 0, 'a call that came while it was down waited for it');
});

/** The packages of a runtime before and after its restart. */
const changes: ReadonlyArray<readonly [before: Package, after: Package]> = packages.flatMap(before =>
  packages.filter(after => after !== before).map(after => [before, after] as const),
);

for (const [before, after] of changes) {
  test(`a runtime that served ${before} comes back with ${after}`, async t => {
    const dir = mkdtempSync(join(tmpdir(), 'criproxy-restart-'));
    t.teardown(() => rmSync(dir, { recursive: true, force: true }));
    const answers = { StopContainer: Buffer.alloc(0) };
    const primary = await startFakeRuntime({ socketPath: join(dir, 'primary.sock'), answers });
    t.teardown(() => primary.stop());
    const socketPath = join(dir, 'alt.sock');
    const old = await startFakeRuntime({ socketPath, packages: [before], answers });
    t.teardown(() => old.stop());
    const proxy = await startProxy({ connect: `${primary.socketPath},alt:${socketPath}` });
    t.teardown(() => proxy.remove());
    const clients = packages.map(pkg => connect(proxy.socketPath, pkg));
    t.teardown(() => {
      for (const client of clients) client.close();
    });
    for (const client of clients) await served(client, 'alt__c1');
    await old.stop();
    const next = await startFakeRuntime({ socketPath, packages: [after], answers });
    t.teardown(() => next.stop());
    for (const client of clients) {
      await served(client, 'alt__c1');
      t.equal(next.asked('StopContainer').at(-1)!.path, methodPath('StopContainer', after), `for ${client.package}`);
    }
  });
}
