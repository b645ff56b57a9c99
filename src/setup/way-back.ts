import { readChosen } from './choice.ts';
import { findFlag } from './command.ts';
import type { Edit } from './edit.ts';
import { endpointPath, sameEndpoint } from './endpoint.ts';
import type { Host } from './host.ts';
import { inspectKubelet, KUBELET_UNIT, type Kubelet } from './kubelet.ts';
import { applyEdits, planKubelet } from './plan.ts';
import { knownRuntimes } from './primary.ts';
import type { SetupRecord } from './record.ts';
import { DOCKERSHIM_UNIT_FILE, WRITTEN } from './services.ts';
import { failed, strange } from './setup-error.ts';
import { overlayTree, type Tree } from './tree.ts';

/** Whether dockershim.service goes with criproxy: a unit that was written by hand stays, and serves a kubelet on its own. */
export function isOwnDockershim(tree: Tree): boolean {
  return tree.read(DOCKERSHIM_UNIT_FILE)?.startsWith(WRITTEN) === true;
}

/** Whether a client uses the socket: calls of the daemon to itself, which are over at once, do not count. */
export async function isInUse(host: Host, listen: string): Promise<boolean> {
  for (let count = 0; count < 3; count++) {
    if (host.countConnections(listen) === 0) return false;
    await host.sleep(200);
  }
  return true;
}

const DOCKERSHIM_ENDPOINT = `unix:///var${knownRuntimes.dockershim.socket}`;

/**
 * The edits after which a kubelet up to 1.23 talks to Docker by itself again, where it is not known how it did before: the
 * flags get their own defaults (kubernetes/kubernetes 1.23, cmd/kubelet/app/options: NewContainerRuntimeOptions).
 */
function planDocker(host: Host, tree: Tree, kubelet: Kubelet): Edit[] {
  const flag = 'container-runtime';
  const found = findFlag(kubelet.args, flag);
  const edits = planKubelet(tree, kubelet, DOCKERSHIM_ENDPOINT, host);
  if (found !== undefined)
    edits.push({ kind: 'flag', file: found.origin.file, origin: found.origin, flag, old: found.value, new: 'docker' });
  if (inspectKubelet(overlayTree(tree, applyEdits(tree, edits)), host)?.usesDocker === true) return edits;
  const where = kubelet.unit.execStart.origin.file;
  throw strange(where, 'the kubelet would not talk to Docker by itself again', `start it with --${flag}=docker`);
}

/**
 * The edits that are still needed on a node whose recorded edits were taken back, so that its kubelet uses a socket with a server: none
 * if it does; else the edits for the endpoint that it had before, or for the primary's, if the former is not known or has no server
 * now. Throws a SetupError: `failed` without such an endpoint, `strange` for a kubelet that is not understood.
 */
export async function planWayBack(host: Host, record: SetupRecord, listen: string): Promise<readonly Edit[]> {
  const tree = host.files;
  const kubelet = inspectKubelet(tree, host);
  if (kubelet === undefined && (await isInUse(host, listen)))
    throw strange(
      listen,
      `something is connected to it, and this node has no ${KUBELET_UNIT}`,
      'lead that to another socket, or stop criproxy: systemctl stop criproxy.socket criproxy.service; then try again',
    );
  if (kubelet?.endpoint === undefined) return [];
  const primary = readChosen(tree, listen)?.primary ?? record.primary;
  // criproxy itself depends on the primary: its socket will do, whether or not it is served at this moment.
  const isServed = async (endpoint: string) =>
    !sameEndpoint(endpoint, listen) &&
    ((primary !== undefined && sameEndpoint(endpoint, primary)) || (await host.isListening(endpointPath(endpoint))));
  const isOn = sameEndpoint(kubelet.endpoint.value, listen);
  const wasOn = isOn || record.edits.length > 0;
  if (!wasOn || (await isServed(kubelet.endpoint.value))) return [];
  for (const old of [record.endpoint, primary && `unix://${primary}`])
    if (old !== undefined && (await isServed(old))) return planEndpoint(host, kubelet, old);
  throw failed(
    kubelet.unit.files[0]!,
    `the kubelet would use ${kubelet.endpoint.value}, where no server listens, and no other endpoint is known`,
    'criproxy setup apply --primary RUNTIME, with the runtime that the kubelet is to use, then try again',
  );
}

function planEndpoint(host: Host, kubelet: Kubelet, endpoint: string): readonly Edit[] {
  const tree = host.files;
  const isDocker = sameEndpoint(endpoint, knownRuntimes.dockershim.socket) && (kubelet.minor ?? Infinity) < 24;
  const hasOther = tree.exists(DOCKERSHIM_UNIT_FILE) && !isOwnDockershim(tree);
  return isDocker && !hasOther ? planDocker(host, tree, kubelet) : planKubelet(tree, kubelet, endpoint, host);
}
