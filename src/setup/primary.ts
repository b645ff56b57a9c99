import { endpointPath, sameEndpoint } from './endpoint.ts';
import type { Kubelet } from './kubelet.ts';
import { strange } from './setup-error.ts';
import type { Tree } from './tree.ts';

/** The runtimes that debconf's question offers, with their sockets and services. */
export const knownRuntimes = {
  containerd: { socket: '/run/containerd/containerd.sock', unit: 'containerd.service' },
  'cri-o': { socket: '/run/crio/crio.sock', unit: 'crio.service' },
  'cri-dockerd': { socket: '/run/cri-dockerd.sock', unit: 'cri-docker.service' },
  dockershim: { socket: '/run/dockershim.sock', unit: 'dockershim.service' },
} as const;

export type KnownRuntime = keyof typeof knownRuntimes;
export type Choice = KnownRuntime | 'detect';

/** The last release whose kubelet can run as nothing but a dockershim: 1.19 has no `--experimental-dockershim` (PR 87746). */
const LAST_WITH_DOCKERSHIM = 18;

/** The primary runtime: its socket, and, where it is a known one, its service. */
export interface Primary {
  readonly socket: string;
  readonly unit: string | undefined;
  /** The kubelet must be run a second time as the dockershim. */
  readonly needsDockershim: boolean;
}

function fromSocket(socket: string): Primary {
  const known = Object.values(knownRuntimes).find(row => sameEndpoint(row.socket, socket));
  return { socket: endpointPath(socket), unit: known?.unit, needsDockershim: false };
}

function takeDockershim(kubelet: Kubelet | undefined): Primary {
  const file = kubelet?.unit.execStart.origin.file ?? 'kubelet.service';
  if (kubelet === undefined)
    throw strange(file, 'there is no kubelet to run as the dockershim', 'choose another primary runtime');
  if (kubelet.minor === undefined || kubelet.minor > LAST_WITH_DOCKERSHIM)
    throw strange(
      file,
      `this kubelet (${kubelet.minor === undefined ? 'of unknown version' : `1.${kubelet.minor}`}) cannot be run as a dockershim`,
      'install cri-dockerd, then: criproxy setup apply --primary cri-dockerd',
    );
  return { ...knownRuntimes.dockershim, needsDockershim: true };
}

/** A kubelet that was upgraded since may no longer be able to run as the dockershim. */
function fromBefore(before: string, kubelet: Kubelet | undefined): Primary {
  const isDockershim = sameEndpoint(before, knownRuntimes.dockershim.socket);
  if (isDockershim && kubelet !== undefined) takeDockershim(kubelet);
  return { ...fromSocket(before), needsDockershim: isDockershim };
}

function detect(tree: Tree, kubelet: Kubelet | undefined, own: string, before: string | undefined): Primary {
  const current = kubelet?.endpoint?.value;
  if (current !== undefined && !sameEndpoint(current, own)) return fromSocket(current);
  if (kubelet?.usesDocker) {
    if ((kubelet.minor ?? 99) > LAST_WITH_DOCKERSHIM && tree.exists(knownRuntimes['cri-dockerd'].socket))
      return fromSocket(knownRuntimes['cri-dockerd'].socket);
    return takeDockershim(kubelet);
  }
  if (before !== undefined) return fromBefore(before, kubelet);
  // containerd last: its socket is there on a node of cri-dockerd too.
  const order: KnownRuntime[] = ['cri-dockerd', 'cri-o', 'containerd'];
  const found = kubelet === undefined ? order.find(name => tree.exists(knownRuntimes[name].socket)) : undefined;
  return fromSocket(knownRuntimes[found ?? 'containerd'].socket);
}

/**
 * The primary runtime for a choice. `detect` is the runtime that the kubelet uses now; if that is criproxy (`own`) already, the runtime
 * that was found `before`; without a kubelet, a known socket that exists. Throws a SetupError where there is no way.
 */
export function choosePrimary(
  tree: Tree,
  kubelet: Kubelet | undefined,
  choice: Choice,
  own: string,
  before?: string,
): Primary {
  if (choice === 'detect') return detect(tree, kubelet, own, before);
  if (choice === 'dockershim') {
    const isOld = before !== undefined && sameEndpoint(before, knownRuntimes.dockershim.socket);
    return isOld ? fromBefore(before, kubelet) : takeDockershim(kubelet);
  }
  return fromSocket(knownRuntimes[choice].socket);
}
