import type { RunningContainer } from '../../cri/read/running-container.ts';
import { endpointPath } from '../../setup/endpoint.ts';
import { listRunningContainers } from '../../setup/probe.ts';
import type { NodeAccess } from './access.ts';

/** Containers that run, by the sockets of their runtimes; a runtime that did not list its own has an error in their place. */
export type Containers = ReadonlyMap<string, readonly RunningContainer[] | Error>;

/** One that is younger when a change begins may be on its way down already: a restart of it says nothing of the change. */
const SETTLED = 10_000;

export async function listContainers(node: NodeAccess, sockets: readonly string[]): Promise<Containers> {
  const asked = sockets.map(async socket => {
    const path = node.path(endpointPath(socket));
    return [socket, await listRunningContainers(path).catch((fault: Error) => fault)] as const;
  });
  return new Map(await Promise.all(asked));
}

/** The containers of `before` that have a successor in their pod, as `name of pod UID`. `begun`: when the change began, in ms. */
export function findRestarted(before: Containers, after: Containers, begun: number): string[] {
  return [...before].flatMap(([socket, old]) => {
    const now = after.get(socket);
    if (old instanceof Error || now === undefined || now instanceof Error) return [];
    return old
      .filter(({ id, createdAt }) => createdAt < begun - SETTLED && !now.some(each => each.id === id))
      .filter(({ pod, name }) => now.some(each => each.pod === pod && each.name === name))
      .map(({ name, pod }) => `${name} of pod ${pod}`);
  });
}

/** Why containers could not be compared, if they could not. */
export function describeUncompared(...lists: readonly Containers[]): string[] {
  const faults = lists.flatMap(list =>
    [...list].flatMap(([socket, each]) => (each instanceof Error ? [`${socket}: ${each.message}`] : [])),
  );
  return [...new Set(faults)];
}
