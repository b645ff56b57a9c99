import { groupId } from './group-id.ts';
import type { ProxyConfig } from './proxy-config.ts';

/** Sockets that would not be served on this machine, a line each: their groups are not here. */
export async function socketWarnings({ sockets }: Pick<ProxyConfig, 'sockets'>): Promise<string[]> {
  const lines = sockets.map(async ({ group }, at) => {
    if (group === undefined) return [];
    return groupId(group).then(
      () => [],
      (fault: Error) => [`sockets[${at}].group: ${fault.message}`],
    );
  });
  return (await Promise.all(lines)).flat();
}
