/** The texts of `-help` and the man page besides the rows of flags and commands. Paragraphs are on one line. */
export const manual = {
  summary: 'several container runtimes behind one CRI socket',
  description: [
    'Runs several container runtimes (CRI implementations) behind one socket, as one runtime to the kubelet.',
    'A pod goes to the runtime that its RuntimeClass handler or its annotation kubernetes.io/target-runtime names, to the primary without either. Pods and containers of another runtime than the primary are shown as <id>__<their id>, its images as <id>/<their name>.',
  ],
  daemonExits: { 0: 'after SIGTERM or SIGINT', 2: 'for a wrong flag or configuration file', 1: 'for another fault' },
  signals: [
    ['SIGTERM, SIGINT', 'Finish the calls in flight, and end. The next one ends the program at once.'],
    [
      'SIGHUP',
      'Read the configuration file again, as criproxy reload does. A fault in it is logged, and changes nothing.',
    ],
    ['SIGUSR1', 'Ignored.'],
  ],
  files: [
    ['/etc/default/criproxy', 'CRIPROXY_ARGS, more flags of the service, and CRIPROXY_CONNECT, its runtimes.'],
    ['/etc/criproxy/runtimes.env', "The runtimes that the answers to the package's questions name."],
    ['/run/criproxy.sock', 'The socket for the kubelet.'],
    ['/var/lib/criproxy/admin.sock', 'The socket for criproxy status and the other commands that ask the daemon.'],
    ['/var/lib/criproxy/*.snapshot', 'The pods, containers and images that each runtime has listed last.'],
    ['/var/lib/criproxy/setup.json', 'The edits that criproxy setup apply has made.'],
  ],
  examples: [
    [
      'Virtlet beside containerd:',
      'criproxy -listen /run/criproxy.sock -v 3 -connect /run/containerd/containerd.sock,virtlet.cloud:/run/virtlet.sock',
    ],
    ['The failed calls of one runtime, as they happen:', 'criproxy trace --errors --runtime virtlet.cloud'],
    ['Log every call that changes something, for ten minutes:', 'criproxy log-level 3 --for 10m'],
    [
      "With -logFormat journal, the log's lines about one runtime:",
      'journalctl -u criproxy CRIPROXY_RUNTIME=virtlet.cloud',
    ],
  ],
  seeAlso: ['systemctl(1)', 'journalctl(1)', 'crictl(1)'],
} as const satisfies Record<string, unknown>;
