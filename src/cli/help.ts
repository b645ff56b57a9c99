import { daemonFlags } from './daemon-flags.ts';
import type { FlagRow } from './flags.ts';

const WIDTH = 80;
const INDENT = '        ';

/** What `-help` prints, 80 columns wide. */
export function helpText(): string {
  const used = daemonFlags.filter(row => row.ignored !== true && row.name !== 'h');
  const ignored = daemonFlags.filter(row => row.ignored === true).map(row => `-${row.name}`);
  return `Usage: criproxy [flags]

Runs several container runtimes (CRI implementations) behind one socket, as one
runtime to the kubelet.

Example:
  criproxy -listen /run/criproxy.sock -v 3 \\
    -connect /run/containerd/containerd.sock,virtlet.cloud:/run/virtlet.sock

Flags, as -flag value, -flag=value or --flag:
${used.map(flagText).join('')}
${wrap(`Accepted for existing unit files, without effect: ${ignored.join(', ')}.`, '')}
A pod goes to the runtime that its RuntimeClass handler or its annotation
kubernetes.io/target-runtime names, to the primary without either. Pods and
containers of another runtime than the primary are shown as <id>__<their id>,
its images as <id>/<their name>.

criproxy config -help tells how to check a configuration file.

criproxy setup -help tells how to put this node's kubelet on criproxy.

Exit status: 0 after SIGTERM or SIGINT, 2 for a wrong flag, 1 for another fault.
`;
}

function flagText(row: FlagRow): string {
  const name = row.value === undefined ? `-${row.name}` : `-${row.name} ${row.value}`;
  const standard = row.type === 'bool' || row.default === '' ? '' : ` (default ${row.default})`;
  return `  ${name}\n${wrap(row.help + standard, INDENT)}`;
}

function wrap(text: string, indent: string): string {
  const lines: string[] = [];
  let line = indent;
  for (const word of text.split(' ')) {
    if (line.trim() !== '' && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = indent;
    }
    line += (line === indent ? '' : ' ') + word;
  }
  return [...lines, line, ''].join('\n');
}
