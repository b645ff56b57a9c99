import { waitFor } from './child.ts';
import { type Containerd, startContainerd } from './containerd.ts';
import type { ContainerdRelease } from './containerd-release.ts';
import { type CriClient, connect } from './cri-client.ts';
import { type ProxyOptions, type ProxyProcess, startProxy } from './proxy.ts';
import { type Registry, startRegistry } from './registry.ts';

/** One of the two runtimes, and the proxy's names for it. */
export interface Side {
  readonly name: 'primary' | 'secondary';
  /** The prefix of its pod and container ids. */
  readonly idPrefix: '' | 'alt__';
  /** The prefix of its image names. */
  readonly imagePrefix: '' | 'alt/';
  /** The pod annotations that lead to it. */
  readonly annotations: Readonly<Record<string, string>>;
  readonly containerd: Containerd;
  /** A client of the runtime itself, without the proxy. */
  readonly direct: CriClient;
}

export interface TwoRuntimes {
  readonly primary: Side;
  readonly secondary: Side;
  /** Both sides, as the rows of a test. */
  readonly sides: readonly [Side, Side];
  readonly registry: Registry;
  readonly proxy: ProxyProcess;
  /** A client of the proxy. */
  readonly client: CriClient;
  stop(): Promise<void>;
}

export interface TwoRuntimesOptions extends Omit<ProxyOptions, 'connect'> {
  /** Runtime handlers of each side beside the default. */
  readonly handlers?: Readonly<Partial<Record<Side['name'], readonly string[]>>>;
  /** The release of each side; the default is the installed one. */
  readonly releases?: Readonly<Partial<Record<Side['name'], ContainerdRelease>>>;
}

/** Two containerd that pull from one registry, and the proxy in front of them; the secondary's id is `alt`. */
export async function startTwoRuntimes({
  handlers = {},
  releases = {},
  ...options
}: TwoRuntimesOptions = {}): Promise<TwoRuntimes> {
  const undo: (() => unknown)[] = [];
  const stop = async () => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    const registry = await startRegistry();
    undo.push(() => registry.stop());
    const start = async (side: Omit<Side, 'containerd' | 'direct'>): Promise<Side> => {
      const containerd = await startContainerd({
        registry: registry.host,
        handlers: handlers[side.name] ?? [],
        release: releases[side.name] ?? '1.6',
      });
      undo.push(() => containerd.stop());
      const direct = connect(containerd.socketPath);
      undo.push(() => direct.close());
      return { ...side, containerd, direct };
    };
    const primary = await start({ name: 'primary', idPrefix: '', imagePrefix: '', annotations: {} });
    const annotations = { 'kubernetes.io/target-runtime': 'alt' };
    const secondary = await start({ name: 'secondary', idPrefix: 'alt__', imagePrefix: 'alt/', annotations });
    const sockets = `${primary.containerd.socketPath},alt:${secondary.containerd.socketPath}`;
    const proxy = await startProxy({ connect: sockets, ...options });
    undo.push(() => proxy.remove());
    const client = connect(proxy.socketPath);
    undo.push(() => client.close());
    // A runtime that is not connected yet is Unavailable; no test needs to consider that after this point.
    for (const image of ['docker.io/library/busybox', 'alt/docker.io/library/busybox']) {
      const ask = () => client.ask('ImageStatus', { image: { image } }, { deadline: 20_000 });
      await waitFor(`the runtime of ${image}`, async () => (await ask()).code === 0 || undefined);
    }
    return { primary, secondary, sides: [primary, secondary], registry, proxy, client, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
