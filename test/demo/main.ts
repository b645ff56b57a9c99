import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitFor } from '../support/child.ts';
import { type CriClient, connect } from '../support/cri-client.ts';
import type { Message } from '../support/cri-types.ts';
import { type Pod, removePod, runContainer, runPod, type Target } from '../support/pods.ts';
import { startProxy } from '../support/proxy.ts';
import { startRuntimes } from './runtimes.ts';
import { type Column, formatTable, paint } from './table.ts';

const started = performance.now();
const undo: (() => unknown)[] = [];
let interrupted: NodeJS.Signals | undefined;
const targets: readonly (Target & { runtime: string })[] = [
  { runtime: 'primary', imagePrefix: '', annotations: {} },
  { runtime: 'alt', imagePrefix: 'alt/', annotations: { 'kubernetes.io/target-runtime': 'alt' } },
];
const columns: readonly Column[] = [
  { title: 'ID', width: 13 },
  { title: 'POD', width: 9 },
  { title: 'CONTAINER', width: 9 },
  { title: 'RUNTIME', width: 9, style: text => (text === 'primary' ? 'cyan' : 'magenta') },
  { title: 'IMAGE', width: 22 },
  { title: 'STATE', width: 8, style: text => (text === 'running' ? 'green' : 'yellow') },
];

function print(line = ''): void {
  process.stdout.write(`${line}\n`);
}

/** A progress line, with the seconds since the start. */
function report(line: string): void {
  const seconds = ((performance.now() - started) / 1000).toFixed(1).padStart(5);
  print(`${paint('dim', `${seconds} s`)}  ${line}`);
}

/** A progress line before the next step, unless a signal has come. */
function step(line: string): void {
  proceed();
  report(line);
}

function keep(undoing: () => unknown): void {
  undo.push(undoing);
  proceed();
}

function proceed(): void {
  if (interrupted) throw new Error(`interrupted by ${interrupted}`);
}

/** Undoes the steps, the last first; a failing step does not stop the others. */
async function cleanUp(): Promise<void> {
  for (const undoing of undo.splice(0).reverse()) {
    try {
      await undoing();
    } catch (error) {
      // A Ctrl-C at the terminal goes to the proxy too, so that no pod can be removed through it.
      if (!interrupted) report(paint('red', `clean-up: ${error}`));
    }
  }
}

async function runDemo(): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'criproxy-demo-'));
  process.once('exit', () => rmSync(dir, { recursive: true, force: true }));
  step('starting two container runtimes; criproxy will serve them as one');
  const [primary, secondary] = await startRuntimes(dir, {
    standIns: process.argv.includes('--stand-ins'),
    report: step,
    keep,
  });
  step('criproxy -connect PRIMARY,alt:SECONDARY -listen SOCKET, with');
  for (const [what, path] of [
    ['PRIMARY', primary],
    ['SECONDARY', secondary],
  ])
    step(`  ${what} ${path}`);
  const proxy = await startProxy({ connect: `${primary},alt:${secondary}` });
  keep(() => proxy.remove());
  const client = connect(proxy.socketPath);
  keep(() => client.close());
  const { runtime_name, runtime_version } = await client.call('Version', {}, { deadline: 5000 });
  step(`  SOCKET ${proxy.socketPath}`);
  step(`it answers as ${runtime_name} ${runtime_version}`);

  const containers: string[] = [];
  for (const target of targets) {
    const pod = await startPod(client, target, dir);
    containers.push(pod.container);
    keep(() => removePod(client, pod));
  }
  print('\nWhat the kubelet sees (ListPodSandbox, ListContainers):\n');
  await showTable(client);
  print('\nWhat both containers say:\n');
  for (const [index, { runtime }] of targets.entries()) await showContainer(client, runtime, containers[index]!);
  print();
  step('removing both pods, the proxy and the runtimes');
  await cleanUp();
  report(paint('green', 'done: one socket, two runtimes'));
}

async function startPod(
  client: CriClient,
  target: (typeof targets)[number],
  dir: string,
): Promise<Pod & { container: string }> {
  const annotation = Object.entries(target.annotations).map(([name, value]) => ` with ${name}: ${value}`);
  step(`RunPodSandbox${annotation}`);
  const name = `pod-${targets.indexOf(target) + 1}`;
  const pod = await runPod(client, target, {
    metadata: { name, uid: `uid-${name}`, namespace: 'default' },
    log_directory: join(dir, name),
  });
  const container = await runContainer(client, target, pod, {
    metadata: { name: 'hello' },
    command: [
      'sh',
      '-c',
      `echo "hello from $RUNTIME, at $(ip -4 -o addr show eth0 | awk '{print $4}')"; exec sleep 1000`,
    ],
    envs: [{ key: 'RUNTIME', value: Buffer.from(target.runtime) }],
    log_path: 'hello.log',
  });
  return { ...pod, container };
}

/** Prints the kubelet's view: containers and their pods, from the lists of the proxy. */
async function showTable(client: CriClient): Promise<void> {
  const pods: Message[] = (await client.call('ListPodSandbox')).items;
  const podName = new Map(pods.map(pod => [pod['id'], pod['metadata'].name]));
  const containers: Message[] = (await client.call('ListContainers')).containers;
  const rows = containers.map(({ id, pod_sandbox_id, metadata, image, state }) => [
    id.replace(/([0-9a-f]{8})[0-9a-f]+$/, '$1'),
    podName.get(pod_sandbox_id) ?? '?',
    metadata.name,
    id.includes('__') ? id.split('__')[0] : 'primary',
    image.image.replace('docker.io/library/', '…/'),
    state.replace('CONTAINER_', '').toLowerCase(),
  ]);
  for (const line of formatTable(columns, rows)) print(line);
}

async function showContainer(client: CriClient, runtime: string, container_id: string): Promise<void> {
  const { log_path } = (await client.call('ContainerStatus', { container_id })).status;
  const file = log_path || '';
  const log = await waitFor(`a line in ${file}`, async () => (await readFile(file, 'utf8')).trimEnd() || undefined);
  print(`${paint('bold', `log of ${runtime}`.padEnd(16))}${shorten(log.replace(/^\S+ \S+ \S+ /, ''))}`);
  const cmd = ['uname', '-s', '-m'];
  const { stdout } = await client.call('ExecSync', { container_id, cmd });
  print(
    `${paint('bold', `exec on ${runtime}`.padEnd(16))}$ ${shorten(`${cmd.join(' ')} -> ${String(stdout).trimEnd()}`)}`,
  );
}

function shorten(text: string): string {
  return text.length > 62 ? `${text.slice(0, 61)}…` : text;
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    // Runtimes end with this process, even if it does not wait for them.
    if (interrupted) process.exit(1);
    interrupted = signal;
    report(`${signal}: cleaning up`);
  });
}

try {
  await runDemo();
} catch (error) {
  if (!interrupted) report(paint('red', `failed: ${error instanceof Error ? error.message : error}`));
  process.exitCode = 1;
} finally {
  await cleanUp();
}
