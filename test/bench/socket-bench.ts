import type { ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { stringify } from 'yaml';
import { answers, id, labels, statusRequest } from './messages.ts';
import { writeAnswers } from './peers/answers.ts';
import { nodeClient } from './peers/clients.ts';
import { listening, Processes } from './processes.ts';
import { field } from './protobuf.ts';
import { median } from './stats.ts';
import { cpuTime } from './usage.ts';

const service = '/runtime.v1.RuntimeService';
const PODS = 100;
const CALLS = { Version: 2000, ContainerStatus: 2000, ListContainers: 300 };

type Method = keyof typeof CALLS;

/** The sockets that calls are made to. A rate that no call reaches costs as any other. */
const rate = 1_000_000;
const rules = {
  read: { allow: ['read'], rate },
  redact: { allow: ['read'], redact: true, rate },
  namespaces: { allow: ['read'], namespaces: ['kube-*'], rate },
  both: { allow: ['read'], redact: true, namespaces: ['kube-*'], rate },
};

/** ListPodSandboxResponse with the pods of the containers. */
const pods = Buffer.concat(
  Array.from({ length: PODS }, (_, i) => {
    const metadata = Buffer.concat([
      field(1, `pod-${i}`),
      field(2, `uid-${i}`),
      field(3, labels(i)['io.kubernetes.pod.namespace']),
    ]);
    return field(1, Buffer.concat([field(1, id('as', i)), field(2, metadata)]));
  }),
);

/** A place that calls are made to, and the daemon behind it. */
interface Target {
  readonly name: string;
  readonly socket: string;
  readonly pid: number;
  /** How many turns of other calls the daemon gets before: as many for each daemon, so that its code is compiled as far. */
  readonly others: number;
}

/** The CPU time that the daemon takes for a call of each socket, in us: the median of rounds, in which each target has its turn. */
export async function benchSockets(rounds: number): Promise<Record<string, number>> {
  const processes = new Processes();
  try {
    const targets = await startTargets(processes);
    const client = nodeClient(processes.startPeer('load-client.ts', [], 'ipc'));
    const figures: Record<string, number> = {};
    for (const method of Object.keys(CALLS) as Method[]) {
      const taken = new Map(targets.map(({ name }) => [name, [] as number[]]));
      const request = (method === 'ContainerStatus' ? statusRequest : Buffer.alloc(0)).toString('base64');
      const call = (socket: string) =>
        client.run({
          socket,
          library: 'own',
          path: `${service}/${method}`,
          request,
          parallel: 4,
          calls: CALLS[method],
        });
      // The first rounds do not count: the code is not compiled yet.
      for (let round = -2; round < rounds; round++) {
        for (const { name, socket, pid, others } of targets) {
          for (let other = 0; other < others; other++) await call(socket);
          const before = cpuTime(pid);
          await call(socket);
          if (round >= 0) taken.get(name)!.push((cpuTime(pid) - before) / CALLS[method]);
        }
      }
      for (const [name, costs] of taken) figures[`${method}, ${name}: CPU, us`] = median(costs);
    }
    return figures;
  } finally {
    await processes.endAll();
  }
}

/** A daemon without further sockets, and one with them. */
async function startTargets(processes: Processes): Promise<Target[]> {
  const [runtime, file] = [processes.path('runtime'), processes.path('answers.json')];
  writeAnswers(file, { ...answers('a', PODS, false), [`${service}/ListPodSandbox`]: { messages: [pods] } });
  processes.startPeer('canned-runtime.ts', ['own', `${runtime}=${file}`]);
  await listening(runtime);
  const start = async (name: string, sockets: readonly object[]): Promise<ChildProcess> => {
    const config = processes.path(`${name}.yaml`);
    const [listen, stateDir] = [processes.path(name), processes.path(`${name}.state`)];
    writeFileSync(config, stringify({ listen, stateDir, runtimes: [{ socket: runtime }], sockets }));
    const child = await processes.startProgram(['-config', config], 'quiet');
    await listening(listen);
    return child;
  };
  const alone = await start('alone', []);
  const entries = Object.entries(rules).map(([name, rest]) => ({ path: processes.path(name), ...rest }));
  const beside = await start('beside', entries);
  for (const { path } of entries) await listening(path);
  return [
    { name: "the node's socket, no other", socket: processes.path('alone'), pid: alone.pid!, others: entries.length },
    { name: "the node's socket, beside others", socket: processes.path('beside'), pid: beside.pid!, others: 0 },
    ...Object.keys(rules).map(name => ({
      name: `a socket with ${name}`,
      socket: processes.path(name),
      pid: beside.pid!,
      others: 0,
    })),
  ];
}
