import { readAll } from '../../routing/lab.ts';
import { waitFor } from '../../support/child.ts';
import type { MessageStream } from '../../support/cri-client.ts';
import { criTypes } from '../../support/cri-types.ts';
import { methods, type Package } from '../../support/facts.ts';
import type { JournalEntry } from '../../support/fake-runtime.ts';
import { PATIENCE, type Pair, testPairs } from './pairs.ts';

const streams = methods.filter(fact => fact.serverStream && fact.method !== 'GetContainerEvents');

function event(container_id: string): Buffer {
  return criTypes('runtime.v1').encode('ContainerEventResponse', { container_id });
}

function idOf(message: Buffer): string {
  return criTypes('runtime.v1').decode('ContainerEventResponse', message)['container_id'];
}

/** Messages that a test puts into a stream one by one. */
function feed() {
  const queue: Buffer[] = [];
  let wake = () => {};
  const push = (message: Buffer) => {
    queue.push(message);
    wake();
  };
  async function* messages() {
    for (;;) {
      while (queue.length > 0) yield queue.shift()!;
      await new Promise<void>(resolve => {
        wake = resolve;
      });
    }
  }
  return { push, messages };
}

/** Only runtime.v1 has streams. */
const bothStream = (client: Package, runtime: Package) => client === 'runtime.v1' && runtime === 'runtime.v1';
const onlyClientStreams = (client: Package, runtime: Package) => client === 'runtime.v1' && runtime !== 'runtime.v1';
const nobodyStreams = (client: Package) => client !== 'runtime.v1';

function openEvents({ client }: Pair): MessageStream<Buffer> {
  return client.rawStream(`/${client.package}.RuntimeService/GetContainerEvents`, Buffer.alloc(0));
}

testPairs(
  'container events, joined',
  async (t, pair) => {
    const { primary, alt } = pair;
    const [ofPrimary, ofAlt] = [feed(), feed()];
    primary.answers['GetContainerEvents'] = ofPrimary.messages;
    alt.answers['GetContainerEvents'] = ofAlt.messages;
    const stream = openEvents(pair);
    const seen: string[] = [];
    const reading = (async () => {
      for await (const message of stream) seen.push(idOf(message));
    })().catch(() => {});
    const opened = await Promise.all(
      [primary, alt].map(runtime =>
        waitFor<JournalEntry>('the stream to be open', () => runtime.asked('GetContainerEvents')[0]),
      ),
    );
    ofAlt.push(event('c1'));
    await waitFor('the first event', () => seen.length === 1 || undefined);
    ofPrimary.push(event('c2'));
    await waitFor('the second event', () => seen.length === 2 || undefined);
    t.strictSame(seen, ['alt__c1', 'c2'], 'as they arrive, in the names of the client');
    stream.cancel();
    t.equal((await stream.outcome).code, 1);
    await reading;
    t.equal(opened.length, 2);
  },
  { only: bothStream },
);

testPairs(
  'container events over runtimes that have none',
  async (t, pair) => {
    t.equal((await openEvents(pair).outcome).code, 12, 'Unimplemented');
    t.strictSame(pair.alt.asked('PodSandboxStatus'), [], 'nothing is made in their place');
  },
  { only: onlyClientStreams },
);

testPairs(
  "container events in a client's package that has none",
  async (t, pair) => {
    t.equal((await openEvents(pair).outcome).code, 12, 'Unimplemented');
  },
  { only: nobodyStreams },
);

testPairs('streamed lists', async (t, pair) => {
  const { client, clientPackage, runtimePackage } = pair;
  const expected = bothStream(clientPackage, runtimePackage) ? 0 : 12;
  for (const { method, service } of streams) {
    for (const runtime of [pair.primary, pair.alt]) runtime.answers[method] = [];
    const stream = client.rawStream(`/${clientPackage}.${service}/${method}`, Buffer.alloc(0), PATIENCE);
    const messages = await readAll(stream).catch(() => []);
    t.strictSame([(await stream.outcome).code, messages], [expected, []], method);
  }
});
