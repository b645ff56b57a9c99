import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { missingPackages } from '../../build/debian-packages.ts';
import { waitFor } from '../support/child.ts';
import { startContainerd } from '../support/containerd.ts';
import { connect } from '../support/cri-client.ts';
import { runContainer, runPod } from '../support/pods.ts';
import { proxyCommand, startProxy } from '../support/proxy.ts';
import { openTerminal } from '../support/terminal.ts';
import { terminalSvg } from './ansi-svg.ts';
import { root } from './markdown.ts';

/** The time of calls before the picture, in ms: rates are of the last 10 s. */
const BUSY = 11_000;

/** The exit status of `criproxy status` when a runtime is down. */
const RUNTIME_DOWN = 3;

/**
 * `node test/docs/terminal-picture.ts` makes docs/pictures/status.svg: the output of `criproxy status` in a terminal of 80 columns, from a
 * real daemon with two real containerd, one of which is killed, and a runtime that was never there. Needs root, the packages of
 * the demo, and tmux.
 */
async function makePicture(): Promise<void> {
  const missing = missingPackages('demo');
  if (missing.length > 0) throw new Error(`missing Debian packages: ${missing.join(' ')}`);
  const undo: (() => unknown)[] = [];
  try {
    const primary = await startContainerd();
    undo.push(() => primary.stop());
    const second = await startContainerd();
    undo.push(() => second.stop());
    // The sockets get other names, short enough for a picture.
    const node = mkdtempSync(join(tmpdir(), 'run-'));
    undo.push(() => rmSync(node, { recursive: true }));
    symlinkSync(primary.socketPath, join(node, 'containerd.sock'));
    symlinkSync(second.socketPath, join(node, 'kata.sock'));
    const sockets = `${node}/containerd.sock,kata:${node}/kata.sock,virtlet.cloud:/run/virtlet.sock`;
    const proxy = await startProxy({ connect: sockets, verbosity: 1 });
    undo.push(() => proxy.remove());
    await work(proxy.socketPath);
    await second.kill();
    await sleep(1_500);
    const admin = join(proxy.socketPath, '../state/admin.sock');
    const [program, args] = proxyCommand(['status', '--admin-socket', admin]);
    const terminal = await openTerminal([program, ...args], { columns: 80, rows: 40 });
    undo.push(() => terminal.close());
    await waitFor('the command to end', () => Number.isInteger(terminal.exitStatus()) || undefined);
    const lines = terminal.screen();
    const status = terminal.exitStatus();
    if (status !== RUNTIME_DOWN) throw new Error(`exit status ${status}:\n${lines.join('\n')}`);
    writeFileSync(join(root, 'docs/pictures/status.svg'), terminalSvg(terminal.colours(), 'criproxy status'));
    process.stdout.write(`${lines.join('\n')}\n`);
  } finally {
    for (const step of undo.reverse()) await step();
  }
}

/** Pods on both runtimes, and the calls of a kubelet. */
async function work(socketPath: string): Promise<void> {
  const client = connect(socketPath);
  try {
    const targets = ['', '', '', 'kata', 'kata'].map(id => ({
      imagePrefix: '',
      annotations: { ...(id !== '' && { 'kubernetes.io/target-runtime': id }) },
    }));
    for (const target of targets) {
      const pod = await runPod(client, target);
      await runContainer(client, target, pod, { command: ['/bin/sleep', '600'] });
    }
    const until = performance.now() + BUSY;
    while (performance.now() < until) {
      for (const method of ['ListPodSandbox', 'ListContainers', 'Status']) await client.call(method);
      await sleep(100);
    }
  } finally {
    client.close();
  }
}

await makePicture();
