import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Test, test } from 'tap';
import { SpanExporter } from '../../../src/app/trace/span-exporter.ts';
import type { CallOptions, Metadata } from '../../../src/base/call.ts';
import { Code } from '../../../src/base/codes.ts';
import { ProxyError } from '../../../src/base/error.ts';
import { CallWatch, watchedCalls } from '../../../src/watch/call-watch.ts';
import { Counters } from '../../../src/watch/counters.ts';
import { watchedService } from '../../../src/watch/watched-service.ts';
import { waitFor } from '../../support/child.ts';

const path = '/runtime.v1.RuntimeService/Version';
const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const spanId = '00f067aa0ba902b7';
const nothing = Buffer.alloc(0);

interface Attribute {
  readonly key: string;
  readonly value: { readonly stringValue?: string; readonly intValue?: string };
}

/** A span in OTLP's JSON. */
interface WireSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly Attribute[];
  readonly status?: { readonly code: number; readonly message: string };
}

/** A collector that keeps the spans that it gets, and answers with `status`; with 0 it never answers. */
async function startCollector(t: Test) {
  const spans: WireSpan[] = [];
  const collector = { spans, requests: 0, status: 200, url: '', resource: [] as readonly Attribute[] };
  const server: Server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    collector.requests++;
    const isExport = request.method === 'POST' && request.url === '/v1/traces';
    const isJson = request.headers['content-type'] === 'application/json';
    if (collector.status === 200 && isExport && isJson) {
      const [{ resource, scopeSpans }] = JSON.parse(body).resourceSpans;
      collector.resource = resource.attributes;
      spans.push(...scopeSpans[0].spans);
    }
    if (collector.status !== 0) response.writeHead(collector.status).end('{}');
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  collector.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return collector;
}

function startExporter(t: Test, url: string) {
  const lines: string[] = [];
  const add = (message: string) => void lines.push(message);
  const log = { enabled: () => true, info: (_level: number, message: string) => add(message), warn: add, error: add };
  const watch = new CallWatch();
  const counters = new Counters();
  const exporter = new SpanExporter(url, '1.2.3', watch, counters, log);
  t.teardown(() => exporter.stop());
  const count = (name: string) => [...[...counters].find(metric => metric.name === name)!.read()][0]![1];
  const sent: Metadata[] = [];
  const runtime = (id: string, code: Code = Code.OK) =>
    watchedCalls(
      id,
      {
        async call(_path, _request, { metadata }) {
          sent.push(metadata);
          if (code !== Code.OK) throw new ProxyError(code, 'no such thing');
          return { message: nothing, headers: [], trailers: [] };
        },
        stream: () => ({ headers: Promise.resolve([]), trailers: [], async *[Symbol.asyncIterator]() {} }),
      },
      watch,
    );
  /** A client's call that is served by these runtimes at once. */
  const call = async (metadata: Metadata, ...runtimes: ReturnType<typeof runtime>[]) => {
    const service = watchedService(
      () => ({
        kind: 'unary',
        async handle(request, options) {
          const [reply] = await Promise.all(runtimes.map(each => each.call(path, request, options)));
          return reply!;
        },
      }),
      watch,
    );
    const options: CallOptions = { metadata, deadline: undefined, signal: new AbortController().signal };
    const method = service(path) as { kind: 'unary'; handle(request: Buffer, options: CallOptions): Promise<unknown> };
    await method.handle(nothing, options).catch(() => undefined);
  };
  return { exporter, lines, call, runtime, sent, watch, count };
}

function attribute(span: WireSpan, key: string): string | undefined {
  const value = span.attributes.find(each => each.key === key)?.value;
  return value?.stringValue ?? value?.intValue;
}

test('a call is a span with a child for each runtime, in the trace of the client', async t => {
  const collector = await startCollector(t);
  const { exporter, call, runtime, sent, count } = startExporter(t, collector.url);
  const tracestate = ['tracestate', 'a=b'] as const;
  await call([['traceparent', `00-${traceId}-${spanId}-01`], tracestate], runtime(''), runtime('alt', Code.NotFound));
  await exporter.stop();
  t.equal(collector.spans.length, 3);
  const root = collector.spans.find(({ kind }) => kind === 2)!;
  const parts = collector.spans.filter(({ kind }) => kind === 3);
  t.match(root, { traceId, parentSpanId: spanId, name: 'runtime.v1.RuntimeService/Version' });
  t.equal(attribute(root, 'rpc.system'), 'grpc');
  t.equal(attribute(root, 'rpc.service'), 'runtime.v1.RuntimeService');
  t.equal(attribute(root, 'rpc.method'), 'Version');
  t.equal(attribute(root, 'rpc.grpc.status_code'), '5');
  t.equal(attribute(root, 'criproxy.runtime'), 'primary,alt');
  t.equal(root.status, undefined, 'NotFound is no fault of a server');
  t.strictSame(parts.map(part => [part.traceId, part.parentSpanId]), Array(2).fill([traceId, root.spanId])); // biome-ignore format: one line
  t.strictSame(parts.map(part => attribute(part, 'criproxy.runtime')).sort(), ['alt', 'primary']); // biome-ignore format: one line
  t.strictSame(parts.map(part => part.status?.code).sort(), [2, undefined], 'but one for its client'); // biome-ignore format: one line
  for (const { startTimeUnixNano, endTimeUnixNano } of collector.spans) {
    t.ok(BigInt(endTimeUnixNano) >= BigInt(startTimeUnixNano), 'ends after it has begun');
    t.ok(Math.abs(Number(BigInt(startTimeUnixNano) / 1_000_000n) - Date.now()) < 60_000, 'about now');
  }
  const told = sent.map(metadata => metadata.find(([name]) => name === 'traceparent')![1]).sort();
  t.strictSame(told, parts.map(part => `00-${traceId}-${part.spanId}-01`).sort(), 'each runtime is told of its span'); // biome-ignore format: one line
  for (const metadata of sent)
    t.strictSame(
      metadata.find(([name]) => name === 'tracestate'),
      tracestate,
    );
  t.equal(collector.resource.find(({ key }) => key === 'service.name')?.value.stringValue, 'criproxy');
  t.equal(count('criproxy_otlp_spans_sent_total'), 3);
});

test('which calls are recorded', async t => {
  const collector = await startCollector(t);
  const { exporter, call, runtime, sent } = startExporter(t, collector.url);
  const unsampled = [['traceparent', `00-${traceId}-${spanId}-00`]] as const;
  await call(unsampled, runtime(''));
  t.strictSame(sent.pop(), unsampled, 'a trace that its client does not sample is left alone');
  await call([], runtime(''));
  const [made] = sent.pop()!;
  t.match(made![1], /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/, 'a call without a trace begins one');
  await exporter.stop();
  t.equal(collector.spans.length, 2, 'of two calls one is recorded');
  t.equal(new Set(collector.spans.map(span => span.traceId)).size, 1);
  t.equal(collector.spans.find(({ kind }) => kind === 2)!.parentSpanId, undefined, 'a root');
  await call([], runtime(''));
  t.strictSame(sent.pop(), [], 'nothing is added once it has stopped');
});

test('a collector that fails costs a line and, in the end, spans', async t => {
  const rows = [
    { title: 'is not there', status: 0, dropped: 0 },
    { title: 'is busy', status: 503, dropped: 0 },
    { title: 'refuses', status: 400, dropped: 2 },
  ];
  const failing = rows.map(async ({ title, status, dropped }) => {
    const collector = await startCollector(t);
    collector.status = status;
    const { lines, call, runtime, count } = startExporter(t, status === 0 ? 'http://127.0.0.1:2' : collector.url);
    await call([], runtime(''));
    await waitFor('the line', () => (lines.length > 1 ? true : undefined));
    t.match(lines.slice(1), [/takes no spans: .*calls go on without \(see -otlp\)$/], title);
    t.equal(count('criproxy_otlp_spans_sent_total'), 0);
    t.equal(count('criproxy_otlp_spans_dropped_total'), dropped, `${title}: ${dropped} dropped`);
  });
  await Promise.all(failing);
});

test('a collector that hangs does not hold up the end of the proxy', async t => {
  const collector = await startCollector(t);
  collector.status = 0;
  const { exporter, call, runtime } = startExporter(t, collector.url);
  await call([], runtime(''));
  await waitFor('the request', () => collector.requests || undefined);
  const begun = performance.now();
  await exporter.stop();
  t.ok(performance.now() - begun < 9_000, 'although a request may take 10 s');
});

test('the queue is bounded', async t => {
  const { call, runtime, count } = startExporter(t, 'http://127.0.0.1:2');
  const one = runtime('');
  for (let each = 0; each < 3_000; each++) await call([], one);
  t.equal(count('criproxy_otlp_spans_dropped_total'), 6_000 - 4_096);
});
