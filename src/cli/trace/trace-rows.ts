import { adminSocket } from '../grammar/admin-socket.ts';
import type { CommandRow } from '../grammar/command-row.ts';

/** The commands that show the calls of a running daemon, and send them again. */
export const traceRows: readonly CommandRow[] = [
  {
    name: 'trace',
    summary: 'show the calls as they happen',
    options: [
      {
        name: 'pod',
        type: 'string',
        value: '[NAMESPACE/]NAME',
        help: 'only calls for this pod, or for the pods that the globs match, as kube-system/coredns-*',
      },
      { name: 'runtime', type: 'string', value: 'ID', help: 'only calls that this runtime has got; primary is one' },
      {
        name: 'method',
        type: 'string',
        value: 'GLOB',
        help: 'only methods that the glob matches, as RunPodSandbox, *Image*',
      },
      {
        name: 'socket',
        type: 'string',
        value: 'GLOB',
        help: "only calls that have come by a socket whose path the glob matches, as *read*; the path of the node's own socket counts as empty",
      },
      { name: 'errors', type: 'boolean', help: 'only calls that have failed' },
      { name: 'slow', type: 'string', value: 'DURATION', help: 'only calls that took so long or longer, as 500ms, 2s' },
      { name: 'body', type: 'boolean', help: 'requests and responses too, without their secrets, 64 KiB of each' },
      {
        name: 'record',
        type: 'string',
        value: 'FILE',
        help: 'write the calls to a new file, for criproxy replay; secrets are taken out',
      },
      { name: 'count', short: 'n', type: 'string', value: 'N', help: 'end after so many lines' },
      {
        name: 'output',
        short: 'o',
        type: 'string',
        value: 'table|json',
        default: 'table',
        help: 'json: one object a line',
      },
      adminSocket,
    ],
    notes: [
      'All filters that are given must fit. A stream, as GetContainerEvents, shows when it begins and when it ends; any other call when it ends.',
      'Calls never wait for a trace: calls that come too fast for the terminal are left out, and a line says how many.',
      'Passwords, tokens and values of environment variables are redacted in bodies and recordings; command lines, annotations, names and the output of ExecSync are not.',
    ],
    load: async () => (await import('./trace-command.ts')).runTrace,
  },
  {
    name: 'replay',
    operands: 'FILE',
    summary: 'send the calls of a recorded trace to a socket again, and compare how they end',
    options: [
      { name: 'to', type: 'string', value: 'SOCKET', help: 'where the calls go: a runtime or a criproxy for tests' },
      { name: 'only', type: 'string', value: 'GLOB', help: 'only methods that the glob matches, as *Status' },
      {
        name: 'speed',
        type: 'string',
        value: 'FACTOR',
        help: 'keep the time between calls, divided by this: 1 is as recorded, 10 is ten times as fast (default as fast as possible)',
      },
      {
        name: 'timeout',
        type: 'string',
        value: 'DURATION',
        default: '2m',
        help: 'how long a call may take',
      },
      {
        name: 'force',
        type: 'boolean',
        help: 'send calls that change something, and send to the socket of a runtime that is in use',
      },
    ],
    notes: [
      'Calls go one after the other, in the order in which they began. The ids of pods and containers that the replay makes replace the ids in the recording. Streams without an end, as GetContainerEvents, are left out.',
      'Without --force nothing is sent that changes pods, containers or images, or runs a command, and nothing to /run/criproxy.sock or the usual sockets of runtimes.',
    ],
    exits: { 1: 'a call ended with another status than in the recording, or it failed' },
    load: async () => (await import('./replay-command.ts')).runReplay,
  },
];
