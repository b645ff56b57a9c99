import type { FlagRow } from './flags.ts';

const GLOG = 'accepted for existing unit files, no effect: the log always goes to stderr';

/** The flags of the daemon. */
export const daemonFlags: readonly FlagRow[] = [
  {
    name: 'connect',
    type: 'string',
    default: '/var/run/dockershim.sock',
    value: 'SOCKET[,ID:SOCKET...]',
    help: 'the runtimes: the first is the primary and has no id, every other is id:socket; /path and unix:///path mean the same',
  },
  {
    name: 'listen',
    type: 'string',
    default: '/run/criproxy.sock',
    value: 'SOCKET',
    help: 'the unix socket to serve CRI on (mode 0660); a stale socket file is replaced',
  },
  {
    name: 'handlers',
    type: 'string',
    default: '',
    value: 'NAME=ID[:HANDLER],...',
    help: 'which runtime a RuntimeClass handler is for, and the handler that it gets there (its default if left out); an empty ID is the primary; the id of a runtime is a handler of its own, all others are for the primary',
  },
  {
    name: 'pin',
    type: 'string',
    default: '',
    value: 'GLOB[,ID=GLOB...]',
    help: "images that the kubelet must not remove, by tag, digest or id in the runtime's own names: of all runtimes, of one, or (=GLOB) of the primary",
  },
  {
    name: 'v',
    type: 'int',
    default: '0',
    value: 'LEVEL',
    help: 'log level 0..5: 0-1 start-up and serious errors, 2 also failed requests, 3 also calls that change state, 4 also status calls, 5 also lists',
  },
  {
    name: 'streamPort',
    type: 'int',
    default: '11250',
    value: 'PORT',
    help: 'port of the streaming server of a runtime that answers exec, attach and port-forward with a bare path (dockershim)',
  },
  {
    name: 'streamUrl',
    type: 'string',
    default: '',
    value: 'URL',
    help: 'http://host:port of that streaming server; wins over -streamPort',
  },
  {
    name: 'listTimeout',
    type: 'duration',
    default: '1s',
    value: 'DURATION',
    help: 'how long a list waits for one runtime before its part comes from the snapshot of its last answer',
  },
  {
    name: 'stateDir',
    type: 'string',
    default: '/var/lib/criproxy',
    value: 'FOLDER',
    help: 'where the snapshots are kept over a restart; empty: nowhere',
  },
  {
    name: 'maxSnapshotAge',
    type: 'duration',
    default: '',
    value: 'DURATION',
    help: 'a list fails with Unavailable rather than use a snapshot older than this; empty: no limit',
  },
  { name: 'logtostderr', type: 'bool', default: 'true', help: GLOG, ignored: true },
  { name: 'alsologtostderr', type: 'bool', default: 'false', help: GLOG, ignored: true },
  { name: 'stderrthreshold', type: 'string', default: '', value: 'LEVEL', help: GLOG, ignored: true },
  { name: 'log_dir', type: 'string', default: '', value: 'DIR', help: GLOG, ignored: true },
  { name: 'log_backtrace_at', type: 'string', default: '', value: 'FILE:N', help: GLOG, ignored: true },
  { name: 'vmodule', type: 'string', default: '', value: 'PATTERN=N,...', help: GLOG, ignored: true },
  {
    name: 'apiserver',
    type: 'string',
    default: '',
    value: 'URL',
    help: 'accepted for existing unit files, no effect: criproxy does not talk to the API server',
    ignored: true,
  },
  { name: 'version', type: 'bool', default: 'false', help: 'print the version and exit' },
  { name: 'help', type: 'bool', default: 'false', help: 'print this text and exit' },
  { name: 'h', type: 'bool', default: 'false', help: 'the same as -help' },
];
