import { test } from 'tap';
import { readTraceParent, withTraceParent } from '../../src/watch/trace-context.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const spanId = '00f067aa0ba902b7';

// The examples and rules of W3C Trace Context, section 3.2.
test('traceparent', async t => {
  const rows = [
    { value: `00-${traceId}-${spanId}-01`, found: { traceId, spanId, sampled: true } },
    { value: `00-${traceId}-${spanId}-00`, found: { traceId, spanId, sampled: false } },
    { value: `00-${traceId}-${spanId}-03`, found: { traceId, spanId, sampled: true } },
    { value: `cc-${traceId}-${spanId}-01-what-comes`, found: { traceId, spanId, sampled: true } },
    { value: `00-${traceId}-${spanId}-01-more`, found: undefined },
    { value: `ff-${traceId}-${spanId}-01`, found: undefined },
    { value: `00-${'0'.repeat(32)}-${spanId}-01`, found: undefined },
    { value: `00-${traceId}-${'0'.repeat(16)}-01`, found: undefined },
    { value: `00-${traceId.toUpperCase()}-${spanId}-01`, found: undefined },
    { value: `00-${traceId}-${spanId}`, found: undefined },
    { value: '', found: undefined },
  ];
  for (const { value, found } of rows) t.strictSame(readTraceParent([['traceparent', value]]), found, value);
  t.equal(readTraceParent([['tracestate', 'a=b']]), undefined, 'none');
});

test('a traceparent takes the place of another, and the rest stays', async t => {
  t.strictSame(withTraceParent([['traceparent', 'old'], ['tracestate', 'a=b']], traceId, spanId), [
    ['tracestate', 'a=b'],
    ['traceparent', `00-${traceId}-${spanId}-01`],
  ]); // biome-ignore format: as a list
});
