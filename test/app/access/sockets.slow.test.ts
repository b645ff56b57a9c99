import { existsSync, statSync, writeFileSync } from 'node:fs';
import { test } from 'tap';
import { askAdmin, followAdmin } from '../../../src/admin/admin-client.ts';
import { methodSets } from '../../../src/cri/tables/method-sets.ts';
import { waitFor } from '../../support/child.ts';
import { scrape } from '../../support/exposition.ts';
import { methodPath, methods, packages } from '../../support/facts.ts';
import { runProxy } from '../../support/proxy.ts';
import { TEST_LIMIT } from '../../support/require.ts';
import { listPods } from '../operate/reload-daemon.ts';
import { startSockets } from './sockets-daemon.ts';

const nothing = Buffer.alloc(0);
const PATIENCE = { deadline: 120_000 };

test('every method on a socket of every set, in all packages', { timeout: TEST_LIMIT }, async t => {
  const sets = ['read', 'images', 'exec', 'all'] as const;
  const scene = await startSockets(t, Object.fromEntries(sets.map(set => [set, { allow: [set], rate: 1_000_000 }])));
  for (const set of sets) {
    for (const pkg of packages) {
      const client = scene.client(set, pkg);
      for (const { method, packages: served } of methods) {
        const { code } = await client.raw(methodPath(method, pkg), nothing, PATIENCE);
        const isIn = set === 'all' || methodSets[set].some(each => each === method);
        t.equal(code !== 7, isIn && served.includes(pkg), `${set}, ${pkg}: ${method} ends with ${code}`);
      }
    }
  }
  const { code, details } = await scene.client('all').raw('/runtime.v9.RuntimeService/Version', nothing, PATIENCE);
  t.equal(code, 7);
  t.equal(details, `criproxy: /runtime.v9.RuntimeService/Version is not allowed on ${scene.path('all')}`);
});

test('sockets are added, changed and removed while they serve, and the node never notices', async t => {
  const scene = await startSockets(t, { one: { allow: ['read'], mode: '0600' } });
  const { daemon } = scene;
  const mode = (name: string) => (statSync(scene.path(name)).mode & 0o777).toString(8);
  t.equal(mode('one'), '600');
  const [one, node] = [scene.client('one'), daemon.client];
  t.strictSame(await listPods(one), ['alt__pod-alt', 'pod-main']);

  daemon.write(
    scene.sockets({ one: { allow: ['read'], mode: '0600', namespaces: ['none'] }, two: { allow: ['Version'] } }),
  );
  const report = await askAdmin(daemon.adminSocket, 'POST', '/v1/reload');
  t.match(report, {
    changes: [/^sockets: path \S+one\.sock .*, now path .*namespaces none, path \S+two\.sock /],
    warnings: [],
  });
  t.strictSame(await listPods(one), [], 'on the same connection');
  t.equal(mode('one'), '600');
  t.equal((await scene.client('two').ask('Version', {}, PATIENCE)).code, 0);
  t.equal((await scene.client('two').ask('Status', {}, PATIENCE)).code, 7);

  daemon.write(scene.sockets({}));
  await askAdmin(daemon.adminSocket, 'POST', '/v1/reload');
  for (const name of ['one', 'two'])
    await waitFor(`${name} to be gone`, () => !existsSync(scene.path(name)) || undefined);
  t.equal((await one.ask('Version', {}, { deadline: 5_000 })).code !== 0, true, 'its connections too');
  t.strictSame(await listPods(node), ['alt__pod-alt', 'pod-main']);
});

test('a stream ends when the rules change that it was begun under', async t => {
  const scene = await startSockets(t, { one: { allow: ['read'] } });
  const { daemon, runtimes } = scene;
  const go = Promise.withResolvers<void>();
  const pods = async function* () {
    yield nothing;
    await go.promise;
    yield nothing;
  };
  for (const runtime of [runtimes.main, runtimes.alt]) runtime.answers['StreamPodSandboxes'] = pods;
  const stream = scene.client('one').stream('StreamPodSandboxes', {}, PATIENCE);
  const reading = stream[Symbol.asyncIterator]();
  await reading.next();
  daemon.write(scene.sockets({ one: { allow: ['exec'] } }));
  await askAdmin(daemon.adminSocket, 'POST', '/v1/reload');
  go.resolve();
  const all = (async () => {
    for (;;) if ((await reading.next()).done === true) return;
  })();
  await t.rejects(all, { code: 14, details: `criproxy: the rules of ${scene.path('one')} have changed` });
});

test('a socket that cannot be served does not affect other sockets, is reported, and is tried again', async t => {
  const scene = await startSockets(t, { good: { allow: ['read'] } });
  const { daemon } = scene;
  writeFileSync(scene.path('taken'), '');
  daemon.write(
    scene.sockets({
      good: { allow: ['read'] },
      taken: { allow: ['read'] },
      grouped: { allow: ['all'], group: 'no-such-group' },
    }),
  );
  const report = await askAdmin(daemon.adminSocket, 'POST', '/v1/reload');
  t.match(report, {
    warnings: [
      /taken\.sock is not served: there is a file there that is not a socket; move it away$/,
      /grouped\.sock is not served: there is no group "no-such-group" in \/etc\/group; make it /,
    ],
  });
  t.notOk(existsSync(scene.path('grouped')), 'it is there for nobody rather than for all');
  t.equal((await scene.client('good').ask('Version', {}, PATIENCE)).code, 0);
  const { daemon: shown } = await scene.status();
  t.match(shown.sockets, [
    { path: scene.path('good'), served: true, reason: null, rate: 100 },
    { path: scene.path('taken'), served: false, reason: /not a socket/ },
    { path: scene.path('grouped'), served: false, reason: /no group/ },
  ]);
  const { stdout } = await runProxy(['status', '--admin-socket', daemon.adminSocket]);
  t.match(stdout.replace(/\s+/g, ''), 'grouped.sockisnotserved:thereisnogroup');
  daemon.write(scene.sockets({ good: { allow: ['read'] } }));
  await askAdmin(daemon.adminSocket, 'POST', '/v1/reload');
  t.equal((await scene.status()).daemon.sockets!.length, 1);
});

test('its calls are counted and traced by socket', async t => {
  const scene = await startSockets(t, { one: { allow: ['read'], redact: true, namespaces: ['default'], rate: 3 } });
  const { adminSocket, client: node } = scene.daemon;
  const lines: string[] = [];
  const over = new AbortController();
  t.teardown(() => over.abort());
  const tracing = (async () => {
    for await (const line of followAdmin(adminSocket, '/v1/trace?socket=*one*', over.signal)) lines.push(line);
  })();
  tracing.catch(() => {});
  await waitFor('the trace', () => lines.length > 0 || undefined);
  const one = scene.client('one');
  const codes: number[] = [];
  for (const method of ['Version', 'ListPodSandbox', 'StopContainer']) {
    codes.push((await one.ask(method, {}, PATIENCE)).code);
  }
  t.strictSame(codes, [0, 0, 7]);
  const many = await Promise.all(Array.from({ length: 40 }, () => one.ask('Version', {}, PATIENCE)));
  codes.push(...many.map(({ code }) => code));
  const count = (code: number) => codes.filter(each => each === code).length;
  t.ok(count(8) > 0, `${count(8)} of 40 calls are too many for a rate of 3`);
  t.equal(count(0) + count(7) + count(8), 43);
  await node.ask('Version', {}, PATIENCE);
  await waitFor('the trace of all', () => lines.length >= 44 || undefined);
  t.match(
    lines.slice(1, 4).map(line => JSON.parse(line)),
    ['Version', 'ListPodSandbox', 'StopContainer'].map(method => ({ method, socket: scene.path('one') })),
  );
  const metrics = await scrape(adminSocket);
  const of = (code: string) =>
    metrics.all('criproxy_socket_calls_total', { socket: scene.path('one'), code }).map(({ value }) => value);
  t.strictSame([of('OK'), of('PermissionDenied'), of('ResourceExhausted')], [[count(0)], [1], [count(8)]]);
  t.strictSame(
    metrics.all('criproxy_socket_connections').map(({ value }) => value),
    [1],
  );
  const { daemon } = await scene.status();
  const figures = { calls: 43, denied: 1, limited: count(8), connections: 1 };
  t.match(daemon.sockets, [{ allow: ['read'], redact: true, namespaces: ['default'], rate: 3, ...figures }]);
  const { stdout } = await runProxy(['status', '--admin-socket', adminSocket]);
  t.match(
    stdout.replace(/\s+/g, ' '),
    /one\.sock: read; redacted; namespaces default; 3 calls\/s: 1 connected, 43 calls, 1 denied, \d+ over a limit/,
  );
});
