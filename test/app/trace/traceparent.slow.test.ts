import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'tap';
import { connect } from '../../support/cri-client.ts';
import { methodFact, methodPath } from '../../support/facts.ts';
import { startFakeRuntime } from '../../support/fake-runtime.ts';
import { startProxy } from '../../support/proxy.ts';

const nothing = Buffer.alloc(0);
const asked = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
const answered = '00-4bf92f3577b34da6a3ce929d0e0e4736-b7ad6b7169203331-01';

// Header and trailer of a runtime's answer that begins a trace there.
const success = { response: nothing, headers: { traceparent: answered }, trailers: { tracestate: 'a=b' } };

test('traceparent passes through unchanged', async t => {
  const dir = mkdtempSync(join(tmpdir(), 'criproxy-trace-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  const answers = {
    Version: success,
    ListContainers: success,
    ListPodSandbox: nothing,
    ListImages: nothing,
    ListContainerStats: nothing,
    ContainerStatus: { code: 5, message: 'no', headers: { traceparent: answered }, trailers: { tracestate: 'a=b' } },
    StreamContainers: [nothing],
  };
  const primary = await startFakeRuntime({ socketPath: join(dir, 'primary'), answers });
  t.teardown(() => primary.stop());
  const alt = await startFakeRuntime({ socketPath: join(dir, 'alt'), answers });
  t.teardown(() => alt.stop());
  const proxy = await startProxy({ connect: `${primary.socketPath},alt:${alt.socketPath}` });
  t.teardown(() => proxy.remove());
  const client = connect(proxy.socketPath);
  t.teardown(() => client.close());
  const metadata = { traceparent: asked, tracestate: 'rojo=00f067aa0ba902b7' };

  // `back`: whether the metadata of an answer is handed on. A list has the first runtime's; samples have none.
  for (const { method, runtimes, back } of [
    { method: 'Version', runtimes: [primary], back: true },
    { method: 'ContainerStatus', runtimes: [primary], back: true },
    { method: 'ListContainers', runtimes: [primary, alt], back: true },
    { method: 'ListContainerStats', runtimes: [primary, alt], back: false },
    { method: 'StreamContainers', runtimes: [primary, alt], back: false },
  ]) {
    const path = methodPath(method, 'runtime.v1');
    const outcome = methodFact(method).serverStream
      ? await drain(client.rawStream(path, nothing, { metadata }))
      : await client.raw(path, nothing, { metadata });
    for (const runtime of runtimes) {
      const got = runtime.asked(method).at(-1)!.metadata;
      t.strictSame(got.get('traceparent'), [asked], `${method}: to ${runtime.socketPath.slice(dir.length + 1)}`);
      t.strictSame(got.get('tracestate'), [metadata.tracestate]);
    }
    t.strictSame(outcome.headers.get('traceparent'), back ? [answered] : [], `${method}: back in the headers`);
    t.strictSame(outcome.trailers.get('tracestate'), back ? ['a=b'] : [], `${method}: back in the trailers`);
  }
  await client.raw(methodPath('Version', 'runtime.v1'), nothing);
  t.strictSame(primary.asked('Version').at(-1)!.metadata.get('traceparent'), [], 'none is made up');
});

async function drain<T extends AsyncIterable<Buffer> & { outcome: Promise<unknown> }>(
  stream: T,
): Promise<Awaited<T['outcome']>> {
  for await (const _ of stream);
  return (await stream.outcome) as Awaited<T['outcome']>;
}
