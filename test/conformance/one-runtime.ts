import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { type CriClient, connect } from '../support/cri-client.ts';
import type { Package } from '../support/facts.ts';
import { type FakeRuntime, startFakeRuntime } from '../support/fake-runtime.ts';
import { startProxy } from '../support/proxy.ts';

/** One fake runtime behind a proxy process, and a client, all in one CRI API package; they go with the test. */
export async function startOneRuntime(t: Test, pkg: Package): Promise<{ runtime: FakeRuntime; client: CriClient }> {
  const dir = mkdtempSync(join(tmpdir(), 'criproxy-random-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  const runtime = await startFakeRuntime({ socketPath: join(dir, 'r.sock'), packages: [pkg] });
  t.teardown(() => runtime.stop());
  const proxy = await startProxy({ connect: runtime.socketPath, verbosity: 0 });
  t.teardown(() => proxy.remove());
  const client = connect(proxy.socketPath, pkg);
  t.teardown(() => client.close());
  return { runtime, client };
}
