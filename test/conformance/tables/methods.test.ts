import { test } from 'tap';
import { methods } from '../../../src/cri/tables/methods.ts';
import { endpoints, methodSpec } from '../../../src/cri/translate/method-spec.ts';
import { hasMethod, packages } from '../../../src/cri/translate/packages.ts';
import { packages as factPackages, methods as facts, methodPath } from '../../support/facts.ts';

test('every method of CRI has a row, and no other has', async t => {
  t.strictSame(Object.keys(methods).sort(), facts.map(fact => fact.method).sort());
  t.equal(facts.length, 43);
});

for (const fact of facts) {
  test(`the row of ${fact.method}`, async t => {
    const spec = methodSpec(fact.method);
    t.equal(spec.name, fact.method);
    t.equal(spec.service, fact.service, 'service');
    t.equal(spec.request, fact.request, 'request message');
    t.equal(spec.response, fact.response, 'response message');
    t.equal(spec.streams, fact.serverStream, 'streams');
    const served = packages.filter(each => hasMethod(each, spec.since));
    t.strictSame([...served].sort(), [...fact.packages].sort(), 'packages');
  });
}

test('endpoints are the gRPC paths of every method in every package that has it', async t => {
  const expected = facts.flatMap(fact => fact.packages.map(each => methodPath(fact.method, each)));
  const all = endpoints();
  t.strictSame([...all.keys()].sort(), expected.sort());
  for (const [path, { method, client }] of all) t.equal(methodPath(method.name, client), path, path);
});

test('a streamed list names the unary list that answers with the same bytes', async t => {
  const streamed = Object.keys(methods).filter(name => methods[name]!.unaryList !== undefined);
  const rows = facts.filter(fact => fact.method.startsWith('Stream')).map(fact => fact.method);
  t.strictSame(streamed.sort(), rows.sort());
  t.strictSame(Object.fromEntries(streamed.map(name => [name, methods[name]!.unaryList])), {
    StreamPodSandboxes: 'ListPodSandbox',
    StreamContainers: 'ListContainers',
    StreamContainerStats: 'ListContainerStats',
    StreamPodSandboxStats: 'ListPodSandboxStats',
    StreamPodSandboxMetrics: 'ListPodSandboxMetrics',
    StreamImages: 'ListImages',
  });
});

test('each method has the packages of the tables', async t => {
  t.strictSame([...packages].sort(), [...factPackages].sort());
});

test('methodSpec of a name without a row throws', async t => {
  t.throws(() => methodSpec('NoSuchMethod'), { message: 'no CRI method NoSuchMethod' });
});
