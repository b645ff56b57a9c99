import { test } from 'tap';
import { Code } from '../../src/base/codes.ts';
import { type MethodFact, methods, type Package, packages } from '../support/facts.ts';
import { fakeRuntime } from './fakes.ts';
import { readAll, startLab } from './lab.ts';
import { requestFor } from './requests.ts';

/** The package of a call, from the runtime's packages and the client's; undefined: none has the method. */
function served(fact: MethodFact, client: Package, runtime: readonly Package[]): Package | undefined {
  if (runtime.includes(client)) return client;
  // The newest package that has the method.
  return [...packages].reverse().find(pkg => runtime.includes(pkg) && fact.packages.includes(pkg));
}

const sets: ReadonlyArray<readonly Package[]> = [
  ['runtime'],
  ['runtime.v1alpha2'],
  ['runtime.v1'],
  ['runtime.v1', 'runtime.v1alpha2'],
  ['runtime.v1alpha2', 'runtime'],
];

const unary = methods.filter(fact => !fact.serverStream);

for (const runtime of sets) {
  for (const client of packages) {
    test(`a client of ${client} and runtimes that serve ${runtime.join(', ')}`, async t => {
      for (const fact of unary.filter(each => each.packages.includes(client))) {
        const { method } = fact;
        const answers = { [method]: Buffer.alloc(0) };
        const primary = fakeRuntime('', { packages: runtime, answers });
        const lab = startLab([primary]);
        t.teardown(() => lab.stop());
        const expected = served(fact, client, runtime);
        const outcome = await lab.call(method, requestFor(method, '') ?? {}, { pkg: client }).then(
          () => 'answered',
          fault => fault.code,
        );
        const paths = primary.askedFor(method).map(asked => asked.path);
        t.strictSame(
          [outcome, paths],
          expected === undefined ? [Code.Unimplemented, []] : ['answered', [`/${expected}.${fact.service}/${method}`]],
          `${method}: ${expected ?? 'Unimplemented'}`,
        );
      }
    });
  }
}

test('Unimplemented names the runtime, its packages and the method’s package', async t => {
  const lab = startLab([fakeRuntime(''), fakeRuntime('alt', { packages: ['runtime.v1alpha2', 'runtime'] })]);
  t.teardown(() => lab.stop());
  const fault = await lab.fault('CheckpointContainer', { container_id: 'alt__c1' });
  t.equal(fault.code, Code.Unimplemented);
  for (const text of ['runtime alt', 'CheckpointContainer', 'runtime.v1alpha2, runtime', 'came with runtime.v1']) {
    t.ok(fault.message.includes(text), `${text} in: ${fault.message}`);
  }
});

test('Unimplemented of a runtime that should have the method is handed on', async t => {
  const lab = startLab([fakeRuntime('')]);
  t.teardown(() => lab.stop());
  const fault = await lab.fault('UpdatePodSandboxResources', { pod_sandbox_id: 'p1' });
  t.strictSame([fault.code, fault.message], [Code.Unimplemented, 'unknown method UpdatePodSandboxResources']);
});

test('a runtime that comes back with other packages is called in them', async t => {
  const primary = fakeRuntime('', { packages: ['runtime.v1alpha2'], answers: { Status: Buffer.alloc(0) } });
  const lab = startLab([primary]);
  t.teardown(() => lab.stop());
  await lab.call('Status');
  primary.goDown();
  primary.comeUp(['runtime.v1']);
  await lab.call('Status');
  primary.goDown();
  primary.comeUp(['runtime']);
  await lab.call('Status');
  t.strictSame(
    primary.askedFor('Status').map(asked => asked.path),
    ['runtime.v1alpha2', 'runtime.v1', 'runtime'].map(pkg => `/${pkg}.RuntimeService/Status`),
  );
});

const streams = methods.filter(fact => fact.serverStream && fact.method !== 'GetContainerEvents');

for (const { method } of streams) {
  test(`${method} is Unimplemented when the primary has no such stream, before any message`, async t => {
    const item = { StreamPodSandboxMetrics: [] }[method] ?? [Buffer.from([0x0a, 3, 0x0a, 1, 0x78])];
    const lab = startLab([
      fakeRuntime('', { packages: ['runtime.v1alpha2'] }),
      fakeRuntime('alt', { answers: { [method]: item } }),
    ]);
    t.teardown(() => lab.stop());
    await t.rejects(readAll(lab.stream(method)), { code: Code.Unimplemented });
  });
}

test('StreamPodSandboxStats is Unimplemented when a secondary lacks the stats, before any message', async t => {
  const item = [Buffer.from([0x0a, 3, 0x0a, 1, 0x78])];
  const primary = fakeRuntime('', { answers: { StreamPodSandboxStats: item } });
  const lab = startLab([primary, fakeRuntime('alt')]);
  t.teardown(() => lab.stop());
  const got: Buffer[] = [];
  const reading = (async () => {
    for await (const message of lab.stream('StreamPodSandboxStats')) got.push(message);
  })();
  await t.rejects(reading, { code: Code.Unimplemented, message: /runtime alt has no/ });
  t.strictSame(got, []);
});
