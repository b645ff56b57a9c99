import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CriClient, connect } from '../support/cri-client.ts';
import { answerWith, type FakeRuntime, startFakeRuntime } from '../support/fake-runtime.ts';
import { type ProxyOptions, type ProxyProcess, startProxy } from '../support/proxy.ts';

/** The part of tap that a lab uses. */
export interface Teardown {
  teardown(end: () => unknown): void;
}

export interface Daemon {
  readonly dir: string;
  readonly runtime: FakeRuntime;
  readonly proxy: ProxyProcess;
  readonly client: CriClient;
}

/** A folder that is removed with the test. */
export function makeFolder(t: Teardown): string {
  const dir = mkdtempSync(join(tmpdir(), 'criproxy-cli-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** One runtime behind the program, and a client; all of it goes with the test. */
export async function startDaemon(t: Teardown, options: Omit<ProxyOptions, 'connect'> = {}): Promise<Daemon> {
  const dir = makeFolder(t);
  const answers = {
    Status: answerWith({ status: { conditions: [{ type: 'RuntimeReady', status: true }] } }),
    StopContainer: Buffer.alloc(0),
    ListContainers: Buffer.alloc(0),
    ListPodSandbox: Buffer.alloc(0),
    ListImages: Buffer.alloc(0),
  };
  const runtime = await startFakeRuntime({ socketPath: join(dir, 'runtime.sock'), answers });
  t.teardown(() => runtime.stop());
  const proxy = await startProxy({ connect: runtime.socketPath, ...options });
  t.teardown(() => proxy.remove());
  const client = connect(proxy.socketPath);
  t.teardown(() => client.close());
  return { dir, runtime, proxy, client };
}
