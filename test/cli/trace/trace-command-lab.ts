import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { makeFolder, type Teardown } from '../../daemon/daemon.ts';
import { spawnTied, waitFor } from '../../support/child.ts';
import { type CriClient, connect } from '../../support/cri-client.ts';
import { answerWith, type FakeRuntime, startFakeRuntime } from '../../support/fake-runtime.ts';
import { type ProxyProcess, proxyCommand, startProxy } from '../../support/proxy.ts';

export function adminSocketOf(proxy: ProxyProcess): string {
  return join(dirname(proxy.socketPath), 'state', 'admin.sock');
}

/** A fake runtime with a pod and a container: their ids are `pod-NAME` and `container-NAME`. */
export function startRuntime(socketPath: string, name: string): Promise<FakeRuntime> {
  const pod = { id: `pod-${name}`, metadata: { name: `${name}-0`, namespace: 'tests' } };
  const container = { id: `container-${name}`, pod_sandbox_id: pod.id, metadata: { name: `c-${name}` } };
  return startFakeRuntime({
    socketPath,
    answers: {
      ListPodSandbox: answerWith({ items: [pod] }),
      ListContainers: answerWith({ containers: [container] }),
      ListImages: answerWith({}),
      Status: answerWith({ status: { conditions: [{ type: 'RuntimeReady', status: true }] } }),
      PodSandboxStatus: answerWith(request => ({ status: { ...pod, id: request['pod_sandbox_id'] } })),
      ContainerStatus: answerWith({ status: { id: container.id, metadata: container.metadata } }),
      RunPodSandbox: answerWith({ pod_sandbox_id: `new-${name}` }),
      CreateContainer: answerWith({ container_id: `made-${name}` }),
      StartContainer: answerWith({}),
      StopContainer: answerWith({}),
      PullImage: answerWith({ image_ref: 'sha256:1' }),
      ExecSync: answerWith({ stdout: Buffer.from('out') }),
      GetContainerEvents: 'hang',
    },
  });
}

export interface TracedDaemon {
  readonly dir: string;
  readonly primary: FakeRuntime;
  /** The runtime with the id `alt`. */
  readonly alt: FakeRuntime;
  readonly proxy: ProxyProcess;
  readonly client: CriClient;
  readonly admin: string;
}

/** The program before two fake runtimes, whose lists it knows; all of it goes with the test. */
export async function startTracedDaemon(t: Teardown, flags: readonly string[] = []): Promise<TracedDaemon> {
  const dir = makeFolder(t);
  const primary = await startRuntime(join(dir, 'primary.sock'), 'web');
  t.teardown(() => primary.stop());
  const alt = await startRuntime(join(dir, 'alt.sock'), 'db');
  t.teardown(() => alt.stop());
  const proxy = await startProxy({ connect: `${primary.socketPath},alt:${alt.socketPath}`, verbosity: 1, flags });
  t.teardown(() => proxy.remove());
  const client = connect(proxy.socketPath);
  t.teardown(() => client.close());
  await client.call('ListPodSandbox');
  await client.call('ListContainers');
  return { dir, primary, alt, proxy, client, admin: adminSocketOf(proxy) };
}

/** A running command of the program. */
export interface Command {
  readonly child: ChildProcess;
  stdout(): string;
  stderr(): string;
  /** Resolves with the exit status. */
  readonly ended: Promise<number | null>;
}

export function runCommand(t: Teardown, args: readonly string[]): Command {
  const [program, words] = proxyCommand(args);
  const child = spawnTied(program, words, { stdio: ['ignore', 'pipe', 'pipe'] });
  t.teardown(() => child.kill('SIGKILL'));
  const out = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]!.setEncoding('utf8').on('data', text => {
      out[name] += text;
    });
  }
  const ended = once(child, 'close').then(([code]) => code as number | null);
  return { child, stdout: () => out.stdout, stderr: () => out.stderr, ended };
}

/** Starts `criproxy trace`, and resolves once it reads. */
export async function startTrace(t: Teardown, admin: string, ...args: readonly string[]): Promise<Command> {
  const command = runCommand(t, ['trace', '--admin-socket', admin, ...args]);
  await waitFor('the trace to begin', () => command.stdout() !== '' || undefined);
  return command;
}

/** The exit status and the output of a command, once it has ended. */
export async function outcomeOf(t: Teardown, args: readonly string[]) {
  const command = runCommand(t, args);
  const status = await command.ended;
  return { status, stdout: command.stdout(), stderr: command.stderr() };
}
