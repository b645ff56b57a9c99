import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { exitOf, spawnTied, waitFor } from '../../support/child.ts';
import { type CriClient, connect } from '../../support/cri-client.ts';
import { type AnswerTable, answerWith, type FakeRuntime, startFakeRuntime } from '../../support/fake-runtime.ts';
import { proxyCommand } from '../../support/proxy.ts';

/** The part of tap that a lab uses. */
export interface Teardown {
  teardown(end: () => unknown): void;
}

/** The program with a configuration file that a test rewrites. */
export interface ReloadDaemon {
  readonly dir: string;
  readonly pid: number;
  readonly file: string;
  readonly adminSocket: string;
  readonly client: CriClient;
  /** Another client of the daemon. */
  connect(): CriClient;
  log(): string;
  /** Puts this content into the file, text as it is, anything else as YAML beside the paths of this daemon. */
  write(content: string | object): void;
  /** Sends SIGHUP and resolves with the log from there on, once `pattern` matches it. */
  hangUp(pattern: RegExp): Promise<string>;
}

/** Starts the daemon with `flags` besides -config. It ends with the test. */
export async function startReloadDaemon(
  t: Teardown,
  content: object,
  flags: readonly string[] = [],
): Promise<ReloadDaemon> {
  const dir = mkdtempSync(join(tmpdir(), 'criproxy-reload-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  const [file, socket, stateDir] = ['criproxy.yaml', 'criproxy.sock', 'state'].map(name => join(dir, name)) as [
    string,
    string,
    string,
  ];
  const write = (what: string | object) =>
    writeFileSync(file, typeof what === 'string' ? what : stringify({ listen: socket, stateDir, ...what }));
  write(content);
  const [command, args] = proxyCommand(['-config', file, ...flags]);
  const child = spawnTied(command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let log = '';
  child.stderr!.setEncoding('utf8').on('data', text => {
    log += text;
  });
  t.teardown(async () => {
    child.kill('SIGKILL');
    await exitOf(child);
  });
  await waitFor('the proxy to serve', () => {
    if (child.exitCode !== null) throw new Error(`the proxy ended with ${child.exitCode}: ${log}`);
    return /serving CRI/.test(log) || undefined;
  });
  const connectTo = () => {
    const client = connect(socket);
    t.teardown(() => client.close());
    return client;
  };
  return {
    dir,
    pid: child.pid!,
    file,
    adminSocket: join(stateDir, 'admin.sock'),
    client: connectTo(),
    connect: connectTo,
    log: () => log,
    write,
    async hangUp(pattern) {
      const before = log.length;
      process.kill(child.pid!, 'SIGHUP');
      return waitFor(`${pattern} in the log after SIGHUP`, () =>
        pattern.test(log.slice(before)) ? log.slice(before) : undefined,
      );
    },
  };
}

/** A runtime with one ready pod, `pod-NAME`, at a socket of that name. It ends with the test. */
export async function startPodRuntime(t: Teardown, dir: string, name: string): Promise<FakeRuntime> {
  const pod = {
    id: `pod-${name}`,
    metadata: { name, uid: `uid-${name}`, namespace: 'default' },
    state: 'SANDBOX_READY',
  };
  const answers: AnswerTable = {
    ListPodSandbox: answerWith({ items: [pod] }),
    ListContainers: answerWith({ containers: [] }),
    ListImages: answerWith({ images: [] }),
    Status: answerWith({ status: { conditions: [{ type: 'RuntimeReady', status: true }] } }),
    PodSandboxStatus: answerWith(request => ({ status: { ...pod, id: request['pod_sandbox_id'] } })),
    StopPodSandbox: answerWith({}),
    UpdateRuntimeConfig: answerWith({}),
  };
  const runtime = await startFakeRuntime({ socketPath: join(dir, `${name}.sock`), answers });
  t.teardown(() => runtime.stop());
  return runtime;
}

/** The ids of the pods that a client sees, in order. */
export async function listPods(client: CriClient): Promise<string[]> {
  const { items } = await client.call('ListPodSandbox', {}, { deadline: 30_000 });
  return (items as { id: string }[]).map(({ id }) => id).sort();
}

/** A daemon with a configuration file, and runtimes for it. */
export interface Scene {
  readonly daemon: ReloadDaemon;
  readonly runtimes: Readonly<Record<'main' | 'alt' | 'other', FakeRuntime>>;
}

/** A runtime as it stands in a configuration file. */
export const at = (id: string, { socketPath: socket }: FakeRuntime) => (id === '' ? { socket } : { id, socket });

/** Three runtimes, the first two of which are configured, as the primary and `alt`. */
export async function setScene(t: Teardown, more: object = {}, flags: readonly string[] = []): Promise<Scene> {
  const dir = mkdtempSync(join(tmpdir(), 'criproxy-reload-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  const [main, alt, other] = await Promise.all(['main', 'alt', 'other'].map(name => startPodRuntime(t, dir, name)));
  const runtimes = { main: main!, alt: alt!, other: other! };
  const content = { runtimes: [at('', main!), at('alt', alt!)], ...more };
  return { daemon: await startReloadDaemon(t, content, flags), runtimes };
}
