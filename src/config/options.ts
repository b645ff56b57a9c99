import { join } from 'node:path';
import { readHandlerEntry, readPinEntry } from './flag-entries.ts';
import { nodeAddress } from './node-address.ts';
import { type Option, type OptionFlag, option } from './option.ts';
import {
  collectorUrl,
  duration,
  entries,
  folder,
  globs,
  handlerMap,
  hostPort,
  level,
  oneOf,
  patience,
  port,
  runtimeId,
  runtimeSocket,
  socket,
  streamingServer,
  texts,
} from './option-types.ts';
import { checkAdminSocket, checkAnnotations, checkHandlers, checkId, checkSocket } from './runtime-rules.ts';
import { optional, yesOrNo } from './value-type.ts';

/** The list of runtimes itself. Other options of the file for a runtime in the list stay in force. */
export const connect: OptionFlag = {
  name: 'connect',
  placeholder: 'SOCKET[,ID:SOCKET...]',
  help: 'the runtimes: the first is the primary and has no id, every other is id:socket; /path and unix:///path mean the same',
};

const handlers: OptionFlag = {
  name: 'handlers',
  placeholder: 'NAME=ID[:HANDLER],...',
  readEntry: readHandlerEntry,
  help: 'which runtime a RuntimeClass handler is for, and the handler that it gets there (its default if left out); an empty ID is the primary; the id of a runtime is a handler of its own, all others are for the primary',
};

const pin: OptionFlag = {
  name: 'pin',
  placeholder: 'GLOB[,ID=GLOB...]',
  readEntry: readPinEntry,
  help: "images that the kubelet must not remove, by tag, digest or id in the runtime's own names: of all runtimes, of one, or (=GLOB) of the primary",
};

const listTimeout: OptionFlag = { name: 'listTimeout' };

/** All options, in the order in which they are shown. An option is its row here and its consumer. */
export const options = [
  option({
    key: 'id',
    scope: 'runtime',
    flag: connect,
    type: runtimeId,
    default: undefined,
    check: checkId,
    reload: 'live',
    help: 'letters, digits, ".", "-" and "_"; the first runtime is the primary and has no id, every other one has its own',
  }),
  option({
    key: 'socket',
    scope: 'runtime',
    flag: connect,
    type: runtimeSocket,
    default: '/var/run/dockershim.sock',
    required: true,
    check: checkSocket,
    reload: 'live',
    help: 'the unix socket of the runtime; /path and unix:///path mean the same',
  }),
  option({
    key: 'listen',
    scope: 'daemon',
    flag: { name: 'listen' },
    type: socket,
    default: '/run/criproxy.sock',
    reload: 'restart',
    help: 'the unix socket to serve CRI on (mode 0660); a stale socket file is replaced, a live one is an error',
  }),
  option({
    key: 'handlers',
    scope: 'runtime',
    flag: handlers,
    type: handlerMap,
    default: {},
    check: checkHandlers,
    reload: 'live',
    help: "RuntimeClass handlers that are for this runtime, each with the runtime's own handler; empty: its default",
  }),
  option({
    key: 'annotations',
    scope: 'runtime',
    type: entries,
    default: [],
    check: checkAnnotations,
    reload: 'live',
    help: 'values of the pod annotation kubernetes.io/target-runtime that mean this runtime, besides its id',
  }),
  option({
    key: 'pins',
    scope: 'daemon',
    flag: pin,
    type: globs,
    default: [],
    reload: 'live',
    help: "images of all runtimes that the kubelet must not remove, by tag, digest or id in the runtime's own names",
  }),
  option({
    key: 'pins',
    scope: 'runtime',
    flag: pin,
    type: globs,
    default: [],
    reload: 'live',
    help: 'images of this runtime that the kubelet must not remove',
  }),
  option({
    key: 'ids',
    scope: 'daemon',
    flag: { name: 'ids' },
    type: oneOf('prefixed', 'raw'),
    default: 'prefixed',
    reload: 'restart',
    help: 'how pods and containers of secondary runtimes are shown: as <id>__<their id>, or by their own ids, as cAdvisor, log agents and crictl expect them; either form is understood',
  }),
  option({
    key: 'imageNames',
    scope: 'daemon',
    flag: { name: 'imageNames' },
    type: optional(oneOf('asked', 'prefixed'), 'as ids'),
    default: '',
    reload: 'live',
    help: 'how lists show the names of images of secondary runtimes: with the prefix <id>/ where a pull used it, or always; empty: asked with raw ids, else prefixed',
  }),
  option({
    key: 'imageFs',
    scope: 'daemon',
    flag: { name: 'imageFs' },
    type: oneOf('primary', 'fullest', 'all'),
    default: 'all',
    reload: 'live',
    help: "whose image filesystems are shown, the first being the one that the kubelet watches for disk pressure: the primary's alone, those of all with the fullest first, or those of all with the primary's first",
  }),
  option({
    key: 'logLevel',
    scope: 'daemon',
    flag: { name: 'v' },
    type: level,
    default: 0,
    reload: 'live',
    help: 'log level 0..5: 0-1 start-up and serious errors, 2 also failed requests, 3 also calls that change state, 4 also status calls, 5 also lists',
  }),
  option({
    key: 'streamPort',
    scope: 'daemon',
    flag: { name: 'streamPort' },
    type: port,
    default: 11250,
    reload: 'live',
    help: 'port of the streaming server of a runtime that answers exec, attach and port-forward with a bare path (dockershim)',
  }),
  option({
    key: 'streamUrl',
    scope: 'daemon',
    flag: { name: 'streamUrl' },
    type: optional(streamingServer),
    default: '',
    derive: ({ streamPort }) => `http://${nodeAddress()}:${streamPort}`,
    reload: 'live',
    help: 'http://host:port of that streaming server; wins over -streamPort',
  }),
  option({
    key: 'listTimeout',
    scope: 'daemon',
    flag: listTimeout,
    type: patience,
    default: '1s',
    reload: 'live',
    help: 'how long a list waits for one runtime before its part comes from the snapshot of its last answer',
  }),
  option({
    key: 'listTimeout',
    scope: 'runtime',
    flag: listTimeout,
    type: optional(patience, 'as for all'),
    default: '',
    reload: 'live',
    help: 'how long a list waits for this runtime; the flag is for all runtimes',
  }),
  option({
    key: 'labels',
    scope: 'runtime',
    type: texts,
    default: {},
    reload: 'live',
    help: 'text for you: shown in verbose status (crictl info)',
  }),
  option({
    key: 'stateDir',
    scope: 'daemon',
    flag: { name: 'stateDir' },
    type: optional(folder),
    default: '/var/lib/criproxy',
    reload: 'restart',
    help: 'where the snapshots are kept over a restart; empty: nowhere',
  }),
  option({
    key: 'maxSnapshotAge',
    scope: 'daemon',
    flag: { name: 'maxSnapshotAge' },
    type: optional(duration, 'no limit'),
    default: '',
    reload: 'live',
    help: 'a list fails with Unavailable rather than use a snapshot older than this; empty: no limit',
  }),
  option({
    key: 'adminSocket',
    scope: 'daemon',
    flag: { name: 'adminSocket' },
    type: optional(socket),
    default: '',
    derive: ({ stateDir }) => (stateDir === undefined ? undefined : join(stateDir, 'admin.sock')),
    check: checkAdminSocket,
    reload: 'restart',
    help: 'the unix socket (mode 0660) for criproxy status and the other commands, and for metrics; empty: admin.sock in -stateDir',
  }),
  option({
    key: 'metrics',
    scope: 'daemon',
    flag: { name: 'metrics' },
    type: optional(hostPort),
    default: '',
    reload: 'restart',
    help: 'serve metrics for Prometheus over TCP too, at /metrics, as 127.0.0.1:9494, without a password; empty: on the admin socket only',
  }),
  option({
    key: 'otlp',
    scope: 'daemon',
    flag: { name: 'otlp' },
    type: optional(collectorUrl),
    default: '',
    reload: 'restart',
    help: 'send a span of each call to this OpenTelemetry collector (OTLP over HTTP with JSON), as http://127.0.0.1:4318; empty: no spans',
  }),
  option({
    key: 'logFormat',
    scope: 'daemon',
    flag: { name: 'logFormat' },
    type: oneOf('glog', 'json', 'journal'),
    default: 'glog',
    reload: 'restart',
    help: "the form of the log: glog's lines, a JSON object a line, or entries for journald with the fields CRIPROXY_RUNTIME, CRIPROXY_METHOD, CRIPROXY_CALL_ID, CRIPROXY_LEVEL and CRIPROXY_FIELDS",
  }),
  option({
    key: 'enableFaults',
    scope: 'daemon',
    flag: { name: 'enableFaults' },
    type: yesOrNo,
    default: false,
    reload: 'restart',
    help: 'let criproxy faults inject delays, errors, hangs and drops, on a node for tests; never on one that matters',
  }),
] as const;

/** The same, each as any option. */
export const allOptions: readonly Option[] = options;

export const daemonOptions: readonly Option[] = allOptions.filter(({ scope }) => scope === 'daemon');

export const runtimeOptions: readonly Option[] = allOptions.filter(({ scope }) => scope === 'runtime');
