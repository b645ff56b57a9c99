import { layouts } from '../setup/layouts.ts';
import type { KubeletNode } from './kubelet-node.ts';

/** The sockets of criproxy and of the nodes' own runtime, and the file of settings that the installer writes. */
export const socket = '/run/criproxy.sock';
export const containerd = '/run/containerd/containerd.sock';
export const settings = '/etc/criproxy/config.yaml';

/** Kubernetes 1.20 and 1.34 with containerd. */
export const [flags, instance] = [layouts[3]!, layouts[11]!];

/** The node's files, without the lock, the test's own, and the settings that a removal leaves. */
export function snapshotOf(node: KubeletNode): string[] {
  const ours =
    /^\/run\/criproxy|^\/var\/lib\/criproxy|^\/etc\/(default\/)?criproxy|^\S+\s+\/(etc\/(default\/)?criproxy|var\/lib\/criproxy)/;
  const own = node.run("find /opt/criproxy -printf '%p %M %l\\n' 2>/dev/null | sort").stdout.split('\n');
  return [...node.snapshot(), ...own].filter(line => line !== '' && !ours.test(line));
}

/** Sets how the API server answers from now on: the object that stand-in-api.ts reads. */
export const control = (node: KubeletNode, value: object) => node.write('/run/api.json', JSON.stringify(value));

/** A second runtime: containerd by another socket, which is no link, since a configuration names each runtime once. */
export function startKata(node: KubeletNode): void {
  const script = `const n=require('net');n.createServer(s=>{const c=n.connect('${containerd}');s.pipe(c).pipe(s);for(const e of [s,c])e.on('error',()=>{})}).listen('/run/kata.sock')`;
  node.must(['systemd-run', '--quiet', '--unit=kata', '/opt/node/node', '-e', script]);
}

/** A configuration file: containerd as the primary runtime, and further lines. */
export const yaml = (...others: readonly string[]) =>
  ['runtimes:', `  - socket: ${containerd}`, ...others, ''].join('\n');
export const kata = ['  - id: kata', '    socket: /run/kata.sock'];
