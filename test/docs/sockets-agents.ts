import type { Test } from 'tap';
import { parse } from 'yaml';
import { methodSets } from '../../src/cri/tables/method-sets.ts';
import { type Agent, startAgent } from '../support/agent.ts';
import { busyboxImage } from '../support/containerd.ts';
import type { CriClient } from '../support/cri-client.ts';
import type { Message } from '../support/cri-types.ts';
import { methods } from '../support/facts.ts';
import { runContainer, runPod } from '../support/pods.ts';
import { podSpec } from './sockets-page.ts';

const SECRET = 'hunter2';
const target = { imagePrefix: '', annotations: {} };

export interface NodePod {
  readonly pod: string;
  readonly container: string;
}

/** A pod whose container has a secret in its environment. `linux`: of its PodSandboxConfig. */
export async function startPodIn(client: CriClient, namespace: string, linux: Message = {}): Promise<NodePod> {
  const pod = await runPod(client, target, {
    metadata: { name: `web-${namespace}`, uid: `uid-${namespace}`, namespace },
    log_directory: `/var/log/pods/${namespace}`,
    linux,
  });
  const envs = [{ key: 'TOKEN', value: Buffer.from(SECRET) }];
  return { pod: pod.id, container: await runContainer(client, target, pod, { envs, log_path: 'web-0.log' }) };
}

/** The request for an own pod; all other methods have an empty one. */
function requestFor(method: string, { pod, container }: NodePod): Message {
  const verbose = method.endsWith('Status') ? { verbose: true } : {};
  if (/^PodSandboxSta/.test(method)) return { pod_sandbox_id: pod, ...verbose };
  if (/^ContainerSta/.test(method)) return { container_id: container, ...verbose };
  return method === 'ImageStatus' ? { image: { image: busyboxImage }, verbose: true } : {};
}

/** Asks again while the socket's rate is used up. */
export async function askPatiently(agent: Agent, method: string, request: Message = {}): ReturnType<Agent['ask']> {
  for (;;) {
    const answer = await agent.ask(method, request);
    if (answer.code !== 8) return answer;
  }
}

/** A socket as an example configures it, with the number of its group, and where it is here. */
export interface AgentSocket {
  readonly allow: readonly string[];
  /** As the daemon names it. */
  readonly path: string;
  readonly file: string;
  readonly group: number;
}

/**
 * Checks that each method that the example allows ends as on the node's own socket, that each other one is refused, and that a user of
 * another group is. Resolves with the answers by method.
 */
export async function checkMethods(
  t: Test,
  socket: AgentSocket,
  own: NodePod,
  client: CriClient,
): Promise<Map<string, Message>> {
  const agent = startAgent(socket.file, [socket.group]);
  t.teardown(() => agent.stop());
  const allowed = new Set<string>(socket.allow.flatMap(each => (each === 'read' ? methodSets.read : [each])));
  const answers = new Map<string, Message>();
  // A stream of events has no end.
  for (const { method } of methods.filter(each => each.method !== 'GetContainerEvents' || !allowed.has(each.method))) {
    const request = requestFor(method, own);
    const { code, details, response } = await askPatiently(agent, method, request);
    if (allowed.has(method)) {
      t.equal(code, (await client.ask(method, request)).code, `${method}: ${details}`);
      if (code === 0) answers.set(method, response);
    } else t.strictSame([code, details], [7, `criproxy: ${method} is not allowed on ${socket.path}`], method);
  }
  t.notMatch(textOf([...answers.values()]), SECRET, 'no value of a variable');
  const stranger = startAgent(socket.file, [socket.group + 1]);
  t.teardown(() => stranger.stop());
  t.match(await stranger.ask('Version'), { code: 14, details: /EACCES/ }, 'a user of another group');
  return answers;
}

function textOf(value: unknown): string {
  return JSON.stringify(value, (_, each) => (typeof each === 'bigint' ? String(each) : each));
}

/** The ids of a list's items, in order. */
export function idsOf(answer: Message | undefined, field: string): string[] {
  return answer?.[field].map(({ id }: Message) => id).sort();
}

/** The answers of the security scanner: images, and the containers that use them. */
export function checkImages(t: Test, answers: ReadonlyMap<string, Message>): void {
  const names = answers.get('ListImages')!['images'].flatMap(({ repo_tags }: Message) => repo_tags);
  t.ok(names.includes(busyboxImage), names.join(' '));
  const used = answers.get('ListContainers')!['containers'].map(({ image_ref }: Message) => image_ref);
  t.ok(used.includes(answers.get('ImageStatus')!['image'].id), 'the image that a container uses');
}

/**
 * Runs the pod of the page, with the folder of the sockets, and resolves with the sockets that its agent may open. `linux`: of its
 * PodSandboxConfig.
 */
export async function openedByPod(
  client: CriClient,
  folder: string,
  names: readonly string[],
  linux: Message = {},
): Promise<string[]> {
  const spec = parse(podSpec) as Message;
  const { runAsUser, supplementalGroups } = spec['securityContext'];
  const mountPath = spec['containers'][0].volumeMounts[0].mountPath;
  const pod = await runPod(client, target, { linux });
  const container = await runContainer(client, target, pod, {
    mounts: [{ container_path: mountPath, host_path: folder }],
    linux: { security_context: { run_as_user: { value: runAsUser }, supplemental_groups: supplementalGroups } },
  });
  const opened: string[] = [];
  for (const name of names) {
    const cmd = ['test', '-w', `${mountPath}/${name}.sock`];
    const { exit_code } = await client.call('ExecSync', { container_id: container, cmd, timeout: 60 });
    if (exit_code === 0) opened.push(name);
  }
  return opened;
}
