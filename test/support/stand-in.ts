import { appendFile, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Message } from './cri-types.ts';
import { answerWith, type FakeRuntime, startFakeRuntime } from './fake-runtime.ts';
import { modelRows } from './fakes/model-rows.ts';
import { PodModel } from './fakes/pod-model.ts';

/**
 * A CRI runtime that runs nothing: it keeps pods and containers in memory, writes each command line to the container's log,
 * and answers ExecSync with the command. For machines that can have no real runtime.
 */
export function startStandIn(socketPath: string, name: string): Promise<FakeRuntime> {
  const model = new PodModel(name);
  const folders = new Map<string, string>();
  const logs = new Map<string, { readonly file: string; readonly command: string }>();
  const says = (command: string) => `${name} runs nothing; a real runtime would run: ${command}`;
  const conditions = ['RuntimeReady', 'NetworkReady'].map(type => ({ type, status: true }));

  const answers: Record<string, (request: Message) => Message | Promise<Message>> = {
    Status: () => ({ status: { conditions } }),
    // Each image is there as soon as someone asks for it.
    ImageStatus(request) {
      model.handle('PullImage', request);
      return model.handle('ImageStatus', request)!;
    },
    RunPodSandbox(request) {
      const made = model.handle('RunPodSandbox', request)!;
      folders.set(made['pod_sandbox_id'], request['config'].log_directory ?? '');
      return made;
    },
    CreateContainer(request) {
      const made = model.handle('CreateContainer', request)!;
      const { log_path = '', command = [], args = [] } = request['config'];
      const file = join(folders.get(request['pod_sandbox_id']) ?? '', log_path);
      logs.set(made['container_id'], { file, command: [...command, ...args].join(' ') });
      return made;
    },
    async StartContainer(request) {
      const started = model.handle('StartContainer', request)!;
      const { file, command } = logs.get(request['container_id'])!;
      await mkdir(dirname(file), { recursive: true });
      // One line of a CRI log: time, stream, F for a full line, text (kubelet's pkg/kubelet/kuberuntime/logs).
      await appendFile(file, `${new Date().toISOString()} stdout F ${says(command)}\n`);
      return started;
    },
    ContainerStatus(request) {
      const { status } = model.handle('ContainerStatus', request)!;
      return { status: { ...status, log_path: logs.get(status.id)?.file } };
    },
    ExecSync({ container_id, cmd }) {
      model.handle('ContainerStatus', { container_id });
      return { stdout: Buffer.from(`${says(cmd.join(' '))}\n`) };
    },
  };
  const rows = Object.entries(answers).map(([method, answer]) => [method, answerWith(answer)]);
  return startFakeRuntime({ socketPath, answers: { ...modelRows(model), ...Object.fromEntries(rows) } });
}
