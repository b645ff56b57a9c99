import { SetupError } from '../setup/setup-error.ts';
import { type Finding, ok, warn } from './finding.ts';
import type { ExaminedNode } from './node.ts';

/** Kernel settings that pods need on every runtime. A missing file belongs to a module that is not loaded. */
const rows = [
  {
    name: 'net.ipv4.ip_forward',
    means: 'pods reach nothing outside of the node, and nothing outside reaches them',
  },
  {
    name: 'net.bridge.bridge-nf-call-iptables',
    means: 'traffic between pods of this node does not see the rules of services and network policies',
  },
] as const;

export function checkSysctls(node: ExaminedNode): Finding[] {
  return rows.flatMap(({ name, means }) => {
    const check = `sysctl-${name}`;
    const value = read(node, `/proc/sys/${name.replaceAll('.', '/')}`);
    if (value === undefined) return [];
    if (value === '1') return [ok(check, `${name} is 1`, 'as pods need it')];
    const keep = `echo '${name} = 1' > /etc/sysctl.d/99-${name}.conf`;
    return [warn(check, `${name} is ${value}`, means, `sysctl -w ${name}=1`, keep)];
  });
}

function read(node: ExaminedNode, path: string): string | undefined {
  try {
    return node.files.read(path)?.trim();
  } catch (fault) {
    if (!(fault instanceof SetupError)) throw fault;
    return undefined;
  }
}
