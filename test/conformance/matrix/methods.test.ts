import type { Test } from 'tap';
import { translated } from '../../cri/translate/translated.ts';
import { readAll } from '../../routing/lab.ts';
import { criTypes } from '../../support/cri-types.ts';
import { type MethodFact, methodPath, methods } from '../../support/facts.ts';
import { seeded } from '../../wire/seeded.ts';
import { mark, PATIENCE, type Pair, targets, testPairs } from './pairs.ts';
import { sampleOf } from './sample.ts';

const SEED = 4_711;

/** Methods that are asked of all runtimes, so that each has a part in the answer. */
const ofAll = ['UpdateRuntimeConfig', 'ImageFsInfo', 'ListMetricDescriptors', 'ListPodSandboxMetrics'];
const ofPrimary = ['Version', 'RuntimeConfig'];
/** Methods that every runtime may answer, since each may have the image of a bare name if the call names no handler. */
const ofHolders = ['ListImages', 'StreamImages', 'ImageStatus', 'RemoveImage'];
const streamsOfAll = ['StreamPodSandboxMetrics'];

/** GetContainerEvents also comes from lists, and Status from all statuses: they have tests of their own. */
const here = methods.filter(fact => !['GetContainerEvents', 'Status'].includes(fact.method));

function targetsOf({ method }: MethodFact): readonly ('' | 'alt')[] {
  return ofPrimary.includes(method) ? [''] : targets;
}

/** An emulated program on a busy machine must ask the runtimes too, and not answer from snapshots. */
const flags = ['-listTimeout', '20s'];

testPairs(
  'every method that both sides have',
  async (t, pair) => {
    const { clientPackage, runtimePackage } = pair;
    const both = here.filter(fact => fact.packages.includes(clientPackage) && fact.packages.includes(runtimePackage));
    for (const fact of both) {
      for (const id of targetsOf(fact)) await checkCall(t, pair, fact, id);
    }
  },
  { flags },
);

async function checkCall(t: Test, pair: Pair, fact: MethodFact, id: '' | 'alt'): Promise<void> {
  const { client, clientPackage: from, runtimePackage: to } = pair;
  const { method, request, response, serverStream } = fact;
  const random = seeded(SEED + methods.indexOf(fact));
  const asked = sampleOf(from, method, 'request', id, random);
  const answer = sampleOf(to, method, 'response', id, random);
  const bytes = criTypes(to).encode(response, answer.own);
  pair.of(id).answers[method] = serverStream ? [bytes] : bytes;
  const other = pair.of(id === '' ? 'alt' : '');
  other.answers[method] = serverStream ? [] : Buffer.alloc(0);
  if (method === 'RemoveImage') listEverywhere(pair, asked.own['image'].image);
  const { metadata, find } = mark();
  const path = methodPath(method, from);
  const sent = criTypes(from).encode(request, asked.client);
  const options = { ...PATIENCE, metadata };
  const got = serverStream
    ? Buffer.concat(await readAll(client.rawStream(path, sent, options)))
    : (await client.raw(path, sent, options)).response;
  const [entry, ...more] = find(pair.of(id));
  const title = `${method} ${id || 'primary'}`;
  t.strictSame([entry?.path, more.length], [methodPath(method, to), 0], `${title}: asked once, in its package`);
  t.strictSame(
    criTypes(to).decode(request, entry!.request),
    translated(from, to, request, asked.own),
    `${title}: the request`,
  );
  t.strictSame(
    got && criTypes(from).decode(response, got),
    translated(to, from, response, answer.client),
    `${title}: the answer`,
  );
  const spec = asked.client['image'] ?? {};
  const isOfHandler = ['ImageStatus', 'RemoveImage'].includes(method) && spec.runtime_handler;
  const isHeldByAny = id === '' && ofHolders.includes(method) && !isOfHandler;
  const isAll = ofAll.includes(method) || streamsOfAll.includes(method) || isHeldByAny;
  t.equal(find(other).length, isAll || (ofPrimary.includes(method) && id === 'alt') ? 1 : 0, `${title}: the other one`);
}

/** An image is removed from the runtimes that list it and do not use it. */
function listEverywhere({ of, runtimePackage }: Pair, name: string): void {
  const images = criTypes(runtimePackage).encode('ListImagesResponse', { images: [{ id: 'i', repo_tags: [name] }] });
  for (const id of targets) Object.assign(of(id).answers, { ListImages: images, ListContainers: Buffer.alloc(0) });
}

testPairs(
  "methods that the runtimes' package lacks",
  async (t, { client, clientPackage, runtimePackage, primary, alt }) => {
    const lacking = here.filter(
      fact => fact.packages.includes(clientPackage) && !fact.packages.includes(runtimePackage),
    );
    for (const fact of lacking) {
      for (const id of targetsOf(fact)) {
        const { client: value } = sampleOf(clientPackage, fact.method, 'request', id, seeded(SEED));
        const { metadata, find } = mark();
        const bytes = criTypes(clientPackage).encode(fact.request, value);
        const path = methodPath(fact.method, clientPackage);
        const options = { ...PATIENCE, metadata };
        const stream = fact.serverStream ? client.rawStream(path, bytes, options) : undefined;
        const messages = stream && (await readAll(stream).catch(() => []));
        const { code } = await (stream?.outcome ?? client.raw(path, bytes, options));
        t.equal(code, 12, `${fact.method} ${id || 'primary'} is Unimplemented`);
        t.strictSame([find(primary), find(alt), messages ?? []], [[], [], []], `${fact.method}: nobody is asked`);
      }
    }
    t.equal(lacking.length > 0, clientPackage !== runtimePackage && newer(clientPackage, runtimePackage));
  },
);

testPairs("methods that the client's package lacks", async (t, { client, clientPackage, runtimePackage, primary }) => {
  const unknown = here.filter(fact => !fact.packages.includes(clientPackage));
  for (const fact of unknown) {
    primary.answers[fact.method] = Buffer.alloc(0);
    const path = `/${clientPackage}.${fact.service}/${fact.method}`;
    const { code } = await client.raw(path, Buffer.alloc(0), PATIENCE);
    t.equal(code, 12, `${path} is Unimplemented`);
  }
  t.equal(unknown.length > 0, clientPackage !== 'runtime.v1', `${clientPackage} and ${runtimePackage}`);
});

function newer(one: Pair['clientPackage'], other: Pair['clientPackage']): boolean {
  const order = ['runtime', 'runtime.v1alpha2', 'runtime.v1'];
  return order.indexOf(one) > order.indexOf(other);
}
