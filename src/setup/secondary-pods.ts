import { readChosen } from './choice.ts';
import type { DaemonRuntime, Host } from './host.ts';

/** Pods of a runtime that the kubelet has through criproxy alone. */
export interface SecondaryPods {
  readonly id: string;
  /** As `namespace/name`; undefined where the runtime does not answer. */
  readonly pods: readonly string[] | undefined;
  /** The number of pods, if it does not answer: the pods of its last list; undefined where nothing is known of them. */
  readonly count: number | undefined;
}

/** The kubelet is not taken off criproxy: it would not know these pods, and start them a second time. */
export class PodsLeft extends Error {
  readonly runtimes: readonly SecondaryPods[];
  /** The node's name in the cluster, as far as the machine can tell. */
  readonly node: string;

  constructor(runtimes: readonly SecondaryPods[], node: string) {
    super('pods run on other runtimes than the primary');
    this.name = 'PodsLeft';
    this.runtimes = runtimes;
    this.node = node;
  }
}

/** From the running daemon; without one, from the command line that it is to be started with. */
async function listSecondaries(host: Host, listen: string): Promise<readonly DaemonRuntime[]> {
  const asked = await host.askDaemon();
  if (asked !== undefined) return asked.filter(({ isPrimary }) => !isPrimary);
  const rows = (readChosen(host.files, listen)?.other ?? '').split(',').filter(row => row !== '');
  return rows.map(row => {
    const [id = '', ...socket] = row.split(':');
    return { id, socket: socket.join(':'), isPrimary: false, pods: undefined, isLost: false };
  });
}

/** The other runtimes that have pods which are ready; of one that does not answer, how many its last list had. */
export async function findSecondaryPods(host: Host, listen: string): Promise<readonly SecondaryPods[]> {
  const found = (await listSecondaries(host, listen)).map(async ({ id, socket, pods: last = 0, isLost }) => {
    const pods = await host.listPods(socket).catch(() => undefined);
    return { id, pods, count: pods?.length ?? (isLost ? undefined : last) };
  });
  return (await Promise.all(found)).filter(({ count }) => count !== 0);
}
