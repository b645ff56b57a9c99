import type { Files } from '../../src/setup/disk.ts';
import type { DaemonRuntime, Host, ServiceState } from '../../src/setup/host.ts';
import { SetupError } from '../../src/setup/setup-error.ts';

/** A machine made of tables, with a journal of the requests to it. */
export interface FakeHost extends Host {
  readonly content: Map<string, string>;
  readonly journal: string[];
  readonly services: Map<string, ServiceState>;
  /** A path that cannot be written, and the number of writes that succeed before. */
  broken: { path: string; after: number } | undefined;
  /** Throws if a runtime does not answer. */
  answers: () => { name: string; version: string };
  /** The number of connections of the daemon's socket. */
  socketConnections: number;
  /** The daemon's report on its runtimes; undefined if it does not answer. */
  runtimes: readonly DaemonRuntime[] | undefined;
  /** Pods by the sockets of runtimes that answer. */
  readonly pods: Map<string, readonly string[]>;
  /** The behaviour of a restarted kubelet. */
  onKubelet: (state: ServiceState) => ServiceState;
}

function makeFiles(content: Map<string, string>, assertWritable: (path: string) => void): Files {
  return {
    read: path => content.get(path),
    exists: path => content.has(path) || [...content.keys()].some(other => other.startsWith(`${path}/`)),
    list: folder => {
      const rest = [...content.keys()]
        .filter(path => path.startsWith(`${folder}/`))
        .map(path => path.slice(folder.length + 1));
      return [...new Set(rest.map(path => path.split('/')[0]!))].sort();
    },
    write: (path, text) => {
      assertWritable(path);
      content.set(path, text);
    },
    remove: path => {
      assertWritable(path);
      content.delete(path);
    },
    copy: (from, to) => {
      assertWritable(to);
      content.set(to, content.get(from)!);
    },
    isCopy: (from, to) => content.has(from) && content.get(from) === content.get(to),
    link: (target, path) => {
      assertWritable(path);
      content.set(path, `-> ${target}`);
    },
    readLink: path => /^-> (.*)/.exec(content.get(path) ?? '')?.[1],
    removeFolder: path => {
      for (const other of [...content.keys()]) if (other.startsWith(`${path}/`)) content.delete(other);
    },
    keep: path => {
      const old = content.get(path);
      const restore = () => void (old === undefined ? content.delete(path) : content.set(path, old));
      return { restore, forget: () => {} };
    },
  };
}

export function makeHost(files: Readonly<Record<string, string>>, minor: number, kubelet = 'active'): FakeHost {
  const content = new Map(Object.entries(files));
  const services = new Map<string, ServiceState>([
    ['kubelet.service', { active: kubelet, pid: kubelet === 'active' ? 100 : 0, restarts: 0 }],
  ]);
  const journal: string[] = [];
  const host: FakeHost = {
    content,
    journal,
    services,
    broken: undefined,
    socketConnections: 0,
    runtimes: undefined,
    pods: new Map(),
    answers: () => ({ name: 'containerd', version: 'v1.6.20' }),
    onKubelet: state => state,
    noServices: undefined,
    files: makeFiles(content, path => {
      if (host.broken?.path !== path) return;
      if (host.broken.after-- <= 0) throw new SetupError('failed', path, 'no space left on device', 'make room');
    }),
    askVersion: command => (/kubelet$/.test(command.at(-1)!) ? `Kubernetes v1.${minor}.3` : 'not found'),
    systemctl: async (verb, ...units) => {
      journal.push([verb, ...units].join(' '));
      for (const unit of units) {
        const pid = (services.get(unit)?.pid ?? 0) + 1;
        const started = { active: 'active', pid, restarts: 0 };
        if (verb === 'restart' || verb === 'start')
          services.set(unit, unit === 'kubelet.service' ? host.onKubelet(started) : started);
        if (verb === 'stop') services.set(unit, { active: 'inactive', pid: 0, restarts: 0 });
      }
    },
    serviceState: async unit => services.get(unit) ?? { active: 'inactive', pid: 0, restarts: 0 },
    readLog: async unit => `log of ${unit}`,
    processes: () => [
      { pid: 100, args: ['/usr/bin/kubelet', '--container-runtime-endpoint=unix:///run/criproxy.sock'] },
    ],
    connections: () => ['/run/criproxy.sock'],
    stat: () => undefined,
    kubeletUnits: () => [],
    isKubeletHealthy: async () => false,
    probe: async socket => {
      journal.push(`probe ${socket}`);
      return host.answers();
    },
    isListening: async () => false,
    countConnections: () => host.socketConnections,
    askDaemon: async () => host.runtimes,
    listPods: async socket => {
      const pods = host.pods.get(socket);
      if (pods === undefined) throw new Error('nobody there');
      return pods;
    },
    name: 'node-1',
    lock: async () => () => {},
    sleep: async () => {},
    keepProgram: () => void journal.push('keep program'),
    restoreProgram: from => {
      journal.push(`restore ${from}`);
      return true;
    },
  };
  return host;
}
