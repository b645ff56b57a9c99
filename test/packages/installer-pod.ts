import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { State } from '../../src/cluster/states.ts';
import type { Layout } from '../setup/layouts.ts';
import { waitFor } from '../support/child.ts';
import type { Node } from '../support/node-sandbox.ts';
import { bootKubeletNode, importPause, type KubeletNode } from './kubelet-node.ts';

/** A pod of the DaemonSet, reduced to its container. */
export interface InstallerPod {
  /** The output so far. */
  log(): string;
  isReady(): boolean;
  /** Resolves with the log once it matches; rejects when the container has ended. */
  said(words: RegExp): Promise<string>;
  /** Resolves once it is ready. */
  ready(): Promise<void>;
  /** Replaces its configuration, as the kubelet does when a ConfigMap has changed; undefined: the ConfigMap has none. */
  setConfig(text: string | undefined): void;
  /** Ends it, and resolves with its exit status. */
  stop(): Promise<string>;
}

export interface PodOptions {
  readonly state?: State;
  readonly config?: string;
  readonly uid?: string;
  /** Files that replace files of the image: paths in the image, and paths in the node. */
  readonly replaced?: Readonly<Record<string, string>>;
  /** The time in which the node must be healthy after a change, in seconds. */
  readonly patience?: number;
  /** The time for which it must then stay healthy, in seconds. */
  readonly settle?: number;
}

/**
 * A root over the image's, with the node's /proc and /dev, in a mount namespace of its own: a privileged container with
 * hostPID has the same. $1 is a folder for it; the program is not the image's, since a test may replace the image's.
 */
const CONTAINER = `
set -e
mount -t tmpfs tmpfs "$1"
mkdir "$1/upper" "$1/work" "$1/root"
cp -a "$1.upper/." "$1/upper/"
mount -t overlay overlay -o "lowerdir=/opt/packages/image,upperdir=$1/upper,workdir=$1/work" "$1/root"
for folder in proc dev sys; do mount --rbind /$folder "$1/root/$folder"; done
mkdir -p "$1/root/var/run/secrets/kubernetes.io/serviceaccount" "$1/root/etc/criproxy-installer" "$1/root/run/criproxy-installer"
cp /root/api/token /root/api/ca.crt "$1/root/var/run/secrets/kubernetes.io/serviceaccount"
mount --bind "$1.config" "$1/root/etc/criproxy-installer"
mount --bind "$1.run" "$1/root/run/criproxy-installer"
root=$1/root
shift
exec chroot "$root" /entry/criproxy node-installer "$@"
`;

let pods = 0;

/** Starts the stand-in of an API server in a node, and makes it the API server of the pods that are started there. */
async function startApi(node: Node): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'criproxy-api-'));
  const subject = ['-subj', '/CN=test', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', join(dir, 'key.pem')];
  execFileSync('openssl', ['req', '-x509', '-days', '30', ...key, ...subject, '-out', join(dir, 'cert.pem')], {
    stdio: 'pipe',
  });
  for (const [name, file] of [
    ['key.pem', 'key.pem'],
    ['cert.pem', 'cert.pem'],
    ['ca.crt', 'cert.pem'],
  ] as const)
    node.write(`/root/api/${name}`, readFileSync(join(dir, file), 'utf8'));
  rmSync(dir, { recursive: true });
  node.write('/root/api/container.sh', CONTAINER);
  node.write('/root/api/token', 'secret-token\n');
  node.write('/root/api/server.ts', readFileSync(join(import.meta.dirname, 'stand-in-api.ts'), 'utf8'));
  node.must('systemd-run --quiet --unit=api /opt/node/node /root/api/server.ts');
  await waitFor('the API server', async () => node.run('ss -Htln | grep -q :6443').status === 0 || undefined);
}

/** A node with a kubelet and an API server, for pods of the installer; without dpkg it is one that takes no packages. */
export async function bootInstallerNode(layout: Layout, withDpkg: boolean): Promise<KubeletNode> {
  const node = await bootKubeletNode(layout);
  try {
    if (!withDpkg) node.must('mv /usr/bin/dpkg /usr/bin/dpkg.hidden');
    // Without a network its runtime is not ready, which doctor reports; a cluster does not have such a node as Ready.
    node.write(
      '/etc/cni/net.d/10-test.conflist',
      '{"cniVersion":"0.4.0","name":"test","plugins":[{"type":"loopback"}]}',
    );
    importPause(node);
    await startApi(node);
    return node;
  } catch (fault) {
    await node.remove();
    throw fault;
  }
}

/** The node's labels and conditions in the API server. */
export function readApiNode(node: Node): {
  labels: Record<string, string>;
  conditions: { type: string; status: string; reason: string; message: string }[];
} {
  const { status, stdout } = node.run('cat /run/api-node.json');
  return status === 0 ? JSON.parse(stdout) : { labels: {}, conditions: [] };
}

/** Starts a container of the image in a node that has an API server. */
export function startPod(node: Node, options: PodOptions = {}): InstallerPod {
  const number = ++pods;
  const [unit, dir] = [`pod-${number}`, `/run/pods/${number}`];
  node.must(`mkdir -p ${dir} ${dir}.upper ${dir}.config ${dir}.run`);
  for (const [path, from] of Object.entries(options.replaced ?? {}))
    node.must(`mkdir -p $(dirname ${dir}.upper${path}) && cp ${from} ${dir}.upper${path}`);
  const setConfig = (text: string | undefined) =>
    text === undefined
      ? void node.must(`rm -f ${dir}.config/config.yaml`)
      : node.write(`${dir}.config/config.yaml`, text);
  setConfig(options.config);
  node.must(`mkdir -p ${dir}.upper/entry && cp /opt/packages/criproxy ${dir}.upper/entry`);
  const environment = {
    KUBERNETES_SERVICE_HOST: '127.0.0.1',
    KUBERNETES_SERVICE_PORT: '6443',
    NODE_NAME: 'node-1',
    POD_UID: options.uid ?? `uid-${number}`,
  };
  const { state = 'present', settle = 1, patience = 60 } = options;
  const words = [`--state=${state}`, `--settle=${settle}`, `--patience=${patience}`, '--interval=1'];
  node.must([
    'systemd-run',
    '--quiet',
    `--unit=${unit}`,
    '--property=RemainAfterExit=yes',
    '--property=KillMode=mixed',
    `--property=StandardOutput=append:${dir}.log`,
    `--property=StandardError=append:${dir}.log`,
    ...Object.entries(environment).map(([name, value]) => `--setenv=${name}=${value}`),
    'unshare',
    '--mount',
    '--propagation=private',
    'sh',
    '/root/api/container.sh',
    dir,
    ...words,
  ]);
  // A look from outside the node costs no process in it.
  const pid = node.must(`systemctl show -P MainPID ${unit}`).trim();
  const log = () => readFileSync(node.path(`${dir}.log`), 'utf8');
  const isOver = () => pid === '0' || !existsSync(node.path(`/proc/${pid}`));
  const isReady = () => existsSync(node.path(`${dir}.run/ready`));
  const until = async (what: string, isSo: () => boolean) => {
    await waitFor(
      what,
      async () => {
        if (isSo()) return true;
        if (isOver()) throw new Error(`the pod has ended:\n${log()}`);
        return undefined;
      },
      { timeout: 120_000 },
    ).catch((fault: Error) => {
      throw new Error(`${fault.message}\n${log()}`);
    });
  };
  return {
    log,
    isReady,
    setConfig,
    said: async words => {
      await until(String(words), () => words.test(log()));
      return log();
    },
    ready: () => until('the pod to be ready', isReady),
    stop: async () => {
      node.must(`systemctl kill --kill-who=main -s TERM ${unit}`);
      await waitFor('the pod to end', async () => isOver() || undefined, { timeout: 120_000 });
      return node.must(`systemctl show -P ExecMainStatus ${unit}`).trim();
    },
  };
}
