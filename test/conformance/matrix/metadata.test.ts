import { PATIENCE, targets, testPairs } from './pairs.ts';

const BINARY = Buffer.from([0, 1, 0xff, 0xfe, 44, 32]);

/** Metadata that the kubelet and tracing clients send. */
const sent = {
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  tracestate: 'rojo=00f067aa0ba902b7,congo=t61rcWkgMzE',
  baggage: 'userId=alice,isProduction=false',
  'x-plain': 'some text, with a comma',
  'x-many': ['one', 'two', 'three'],
  'x-data-bin': BINARY,
  'x-many-bin': [BINARY, Buffer.from('two')],
};

/** Node joins the values of a header that comes more than once, as HTTP allows. */
function unfold(values: readonly (string | Buffer)[]): (string | Buffer)[] {
  const isOne = (text: string) => text === sent['x-plain'] || text === sent.tracestate || text === sent.baggage;
  return values.flatMap(value => (typeof value === 'string' && !isOne(value) ? value.split(', ') : [value]));
}

testPairs('metadata of a call', async (t, { client, of }) => {
  for (const id of targets) {
    of(id).answers['StopContainer'] = Buffer.alloc(0);
    const container_id = id === '' ? 'c1' : 'alt__c1';
    await client.call('StopContainer', { container_id }, { ...PATIENCE, metadata: sent });
    const { metadata } = of(id).asked('StopContainer').at(-1)!;
    for (const [name, value] of Object.entries(sent)) {
      t.strictSame(unfold(metadata.get(name)), [value].flat(), `${name} at ${id || 'the primary'}`);
    }
  }
});

testPairs('metadata of an answer', async (t, { client, of }) => {
  for (const id of targets) {
    of(id).answers['StopContainer'] = {
      response: Buffer.alloc(0),
      headers: { 'x-head': 'text', 'x-head-bin': BINARY },
      trailers: { 'x-end': 'text', 'x-end-bin': BINARY },
    };
    const container_id = id === '' ? 'c1' : 'alt__c1';
    const { code, headers, trailers } = await client.ask('StopContainer', { container_id }, PATIENCE);
    t.equal(code, 0);
    t.strictSame(
      [headers.get('x-head'), headers.get('x-head-bin')],
      [['text'], [BINARY]],
      `headers of ${id || 'primary'}`,
    );
    t.strictSame(
      [trailers.get('x-end'), trailers.get('x-end-bin')],
      [['text'], [BINARY]],
      `trailers of ${id || 'primary'}`,
    );
  }
});
