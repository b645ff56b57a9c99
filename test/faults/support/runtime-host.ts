import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { serialize } from 'node:v8';
import { exitOf, spawnTied } from '../../support/child.ts';
import { PodModel } from '../../support/fakes/pod-model.ts';
import { containerConfig, podConfig } from './routed.ts';
import type { Fault } from './runtime-process.ts';

const program = fileURLToPath(new URL('runtime-process.ts', import.meta.url));

/** A runtime process, seen from outside. */
export class RuntimeHost {
  readonly socketPath: string;
  /** Ids of the pods that it has from the start. */
  readonly pods: string[] = [];
  readonly containers: string[] = [];
  private readonly name: string;
  private readonly stateFile: string;
  private child: ChildProcess | undefined;

  private constructor(folder: string, name: string) {
    this.name = name;
    this.socketPath = `${folder}/${name}.sock`;
    this.stateFile = `${folder}/${name}.state`;
  }

  /** Starts it, with `count` pods of one running container each. */
  static async open(folder: string, name: string, count: number): Promise<RuntimeHost> {
    const host = new RuntimeHost(folder, name);
    const model = new PodModel(name);
    for (let index = 0; index < count; index++) {
      const { pod_sandbox_id } = model.handle('RunPodSandbox', podConfig(`${name}-${index}`, false, { app: 'web' }))!;
      const { container_id } = model.handle('CreateContainer', containerConfig(pod_sandbox_id, 'main'))!;
      model.handle('StartContainer', { container_id });
      host.pods.push(pod_sandbox_id);
      host.containers.push(container_id);
    }
    await writeFile(host.stateFile, serialize(model.state));
    await host.start();
    return host;
  }

  async start(): Promise<void> {
    await rm(this.socketPath, { force: true });
    const args = [program, this.socketPath, this.stateFile, this.name];
    this.child = spawnTied(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    await Promise.race([
      once(this.child, 'message'),
      exitOf(this.child).then(end => Promise.reject(new Error(`${end}`))),
    ]);
  }

  async set(fault: Fault): Promise<void> {
    const done = once(this.child!, 'message');
    this.child!.send(fault);
    await done;
  }

  signal(signal: NodeJS.Signals): void {
    this.child!.kill(signal);
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (this.child === undefined) return;
    const ended = exitOf(this.child);
    this.child.kill(signal);
    await ended;
    this.child = undefined;
  }
}
