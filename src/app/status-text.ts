import type { Runtime } from '../routing/runtime.ts';

/** How the proxy is doing, in a line: what `systemctl status` shows. The primary is called so. */
export function statusText(listen: string, runtimes: readonly Pick<Runtime, 'id' | 'state'>[]): string {
  const down = runtimes.filter(({ state }) => state.kind === 'down').map(({ id }) => (id === '' ? 'primary' : id));
  const up = `${runtimes.length - down.length} of ${runtimes.length} runtimes up`;
  return `serving CRI on ${listen}, ${up}${down.length === 0 ? '' : `; down: ${down.join(', ')}`}`;
}
