import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { ownArchitecture } from '../../build/architecture.ts';
import { nodeProgram } from '../../build/node-packages.ts';
import type { Layout } from '../setup/layouts.ts';
import { type ImageSource, writeImageArchive } from '../support/busybox-image.ts';
import { waitFor } from '../support/child.ts';
import { connect } from '../support/cri-client.ts';
import { makeNodeRoot } from '../support/node-root.ts';
import { bootNode, type Node } from '../support/node-sandbox.ts';
import { buildPackages } from './built.ts';

/** The arguments and the endpoint that the stand-in kubelet of a node was started with. */
export interface KubeletState {
  readonly argv: readonly string[];
  readonly endpoint: string;
  readonly version: string;
  readonly outage: number;
}

/** A booted node with real containerd; the packages of buildPackages are in its /opt/packages. */
export interface KubeletNode extends Node {
  /** The state of the running kubelet; undefined if none has started. */
  kubelet(): KubeletState | undefined;
  /** The number of times that the kubelet was started. */
  starts(): number;
  /** Every file that a package may touch, with mode, owner and content, as lines; files of the daemon's state are left out. */
  snapshot(): readonly string[];
  /** Runs a pod through a socket of the node, and returns its id. */
  runPod(socket: string): Promise<string>;
  listPods(socket: string): Promise<string[]>;
}

const containerdConfig = `version = 2
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "registry.k8s.io/pause:3.6"
  restrict_oom_score_adj = true
  disable_cgroup = true
`;

/** Prints the contents of files that a set-up may write, and the names of files that only a package writes. */
const SNAPSHOT = `
for folder in /etc /var/lib/kubelet /usr/lib/systemd/system /usr/lib/criproxy /var/lib/criproxy; do
  [ -e $folder ] || continue
  find $folder ! -path '*.snapshot' -printf '%p %M %u:%g %l\\n'
  find $folder -type f ! -path '*.snapshot' -size -1024k -exec sha256sum {} +
done | sort
find /usr/bin /usr/local /run/criproxy* -printf '%p %M %l\\n' 2>/dev/null | sort`;

let pods = 0;

function extend(node: Node): KubeletNode {
  const read = (path: string) => (existsSync(node.path(path)) ? readFileSync(node.path(path), 'utf8') : undefined);
  const ask = async (socket: string, method: string, request: object) => {
    const client = connect(node.path(socket));
    try {
      return await client.call(method, request, { deadline: 20_000 });
    } finally {
      client.close();
    }
  };
  return {
    ...node,
    kubelet: () => {
      const text = read('/run/kubelet.json');
      return text === undefined ? undefined : (JSON.parse(text) as KubeletState);
    },
    starts: () => (read('/run/kubelet.starts') ?? '').split('\n').length - 1,
    snapshot: () => node.must(SNAPSHOT).trimEnd().split('\n'),
    runPod: async socket => {
      const name = `pod-${++pods}`;
      const config = {
        metadata: { name, uid: name, namespace: 'tests' },
        linux: { security_context: { namespace_options: { network: 'NODE' } } },
      };
      return (await ask(socket, 'RunPodSandbox', { config }))['pod_sandbox_id'];
    },
    listPods: async socket => {
      const { items } = await ask(socket, 'ListPodSandbox', {});
      return (items as { id: string; state: string }[])
        .filter(({ state }) => state === 'SANDBOX_READY')
        .map(({ id }) => id);
    },
  };
}

/** Boots a node with containerd and its pause image, without a kubelet. */
export async function bootPlainNode(): Promise<KubeletNode> {
  const packages = await buildPackages();
  const node = await bootNode({
    root: makeNodeRoot(),
    binds: { '/opt/node': dirname(nodeProgram(ownArchitecture())), '/opt/packages': packages },
  });
  try {
    node.write('/etc/containerd/config.toml', containerdConfig);
    node.write('/etc/dpkg/dpkg.cfg.d/fast', 'force-unsafe-io\n');
    node.must('systemctl restart containerd');
    return extend(node);
  } catch (fault) {
    await node.remove();
    throw fault;
  }
}

/** Imports the pause image, so that pods can run in the node; `images`: further ones. */
export function importPause(node: Node, images: readonly ImageSource[] = []): void {
  const archive = node.path('/root/pause.tar');
  writeImageArchive(archive, [{ ref: 'registry.k8s.io/pause:3.6' }, ...images]);
  node.must('ctr -n k8s.io images import /root/pause.tar');
}

/** Boots a node with the files of a layout and, after `prepare`, a running stand-in kubelet of its release. */
export async function bootKubeletNode(
  layout: Pick<Layout, 'files' | 'kubelet' | 'minor'>,
  prepare = 'true',
): Promise<KubeletNode> {
  const node = await bootPlainNode();
  try {
    const packaged = `/opt/packages/kubelet-${layout.minor}.deb`;
    for (const [path, text] of Object.entries(layout.files))
      node.write(path, text, text.startsWith('#!') ? 0o755 : 0o644);
    if (layout.kubelet === '/usr/bin/kubelet' && existsSync(node.path(packaged))) node.must(`dpkg -i ${packaged}`);
    else {
      const to = node.path(layout.kubelet);
      mkdirSync(dirname(to), { recursive: true });
      copyFileSync(node.path('/opt/packages/kubelet'), to);
      chmodSync(to, 0o755);
      writeFileSync(`${to}.minor`, String(layout.minor));
    }
    node.must(`systemctl daemon-reload && ${prepare} && systemctl enable --now kubelet`);
    await waitFor('the kubelet to run', () => node.kubelet());
    return node;
  } catch (fault) {
    await node.remove();
    throw fault;
  }
}

/** The path of the socket that the running kubelet uses; undefined if none has started. */
export function endpointOf(node: KubeletNode): string | undefined {
  return node.kubelet()?.endpoint.replace('unix://', '');
}
