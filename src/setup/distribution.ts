import { type Argument, findFlag } from './command.ts';
import { readConfigText } from './config-text.ts';
import type { Edit } from './edit.ts';
import type { KubeletSetting } from './kubelet-setting.ts';
import { strange } from './setup-error.ts';
import type { Tree } from './tree.ts';
import type { Origin, Unit } from './unit.ts';
import { quoteWord } from './words.ts';

/** A Kubernetes distribution that starts its kubelet by a service of its own. */
export interface Distribution {
  readonly name: string;
  /** The services that run its kubelet, the first one that is there counts. */
  readonly units: readonly string[];
  /** The endpoint that its kubelet gets, its own runtime's where nothing is set; undefined if this service runs no kubelet. */
  find(tree: Tree, unit: Unit, args: readonly Argument[]): KubeletSetting | undefined;
  /** The edits that give it another endpoint, in files that survive an upgrade. Throws a SetupError where only a person can do it. */
  plan(tree: Tree, unit: Unit, args: readonly Argument[], endpoint: string): readonly Edit[];
}

const FLAG = 'container-runtime-endpoint';

const HEAD = '# Written by "criproxy setup apply", removed by "criproxy setup revert".';

function builtIn(name: string, socket: string): KubeletSetting {
  return { value: `unix://${socket}`, place: { kind: 'default', of: name } };
}

/** The value of `--container-runtime-endpoint` among the kubelet's arguments, with or without its dashes; the last counts. */
function findIn(words: readonly string[]): string | undefined {
  const pattern = new RegExp(`^(?:--)?${FLAG}=(.+)$`);
  return words.map(word => pattern.exec(word)?.[1]).findLast(value => value !== undefined);
}

type RancherConfig = Record<string, unknown>;

/** The configuration, then the files of its .d by name; a later key replaces an earlier one, `key+` adds to its list. */
function readRancher(tree: Tree, main: string): { config: RancherConfig; files: Record<string, string> } {
  const drops = tree.list(`${main}.d`).filter(name => /\.ya?ml$/.test(name));
  const config: RancherConfig = {};
  const files: Record<string, string> = {};
  for (const file of [main, ...drops.map(name => `${main}.d/${name}`)]) {
    const text = tree.read(file);
    let found: unknown;
    try {
      found = text === undefined ? undefined : readConfigText(text);
    } catch (fault) {
      throw strange(file, `it cannot be read as YAML: ${(fault as Error).message}`, 'mend that line, and try again');
    }
    for (const [key, value] of Object.entries((found ?? {}) as RancherConfig)) {
      const name = key.replace(/\+$/, '');
      config[name] = key === name ? value : [config[name] ?? [], value].flat();
      files[name] = file;
    }
  }
  return { config, files };
}

/**
 * k3s and rke2 (docs.k3s.io/installation/configuration, docs.rke2.io/install/configuration). Their own
 * `container-runtime-endpoint` also keeps their containerd from being started: where that is the runtime, the endpoint is
 * given to the kubelet alone, as `kubelet-arg`.
 */
function rancher(name: string, units: readonly string[]): Distribution {
  const mainFile = (unit: Unit, args: readonly Argument[]) =>
    findFlag(args, 'config')?.value ??
    unit.environment.get(`${name.toUpperCase()}_CONFIG_FILE`)?.value ??
    `/etc/rancher/${name}/config.yaml`;
  const commandLine = (args: readonly Argument[]) => ({
    kubeletArgs: args.flatMap(({ text }, index) => {
      if (text.startsWith('--kubelet-arg=')) return [text.slice('--kubelet-arg='.length)];
      return text === '--kubelet-arg' ? [args[index + 1]?.text ?? ''] : [];
    }),
    endpoint: findFlag(args, FLAG),
  });
  return {
    name,
    units,
    find: (tree, unit, args) => {
      const { kubeletArgs, endpoint } = commandLine(args);
      const { config, files } = readRancher(tree, mainFile(unit, args));
      const origin = args[0]!.origin;
      const ownArgs = kubeletArgs.length > 0 ? kubeletArgs : [config['kubelet-arg'] ?? []].flat().map(String);
      const given = findIn(ownArgs);
      if (given !== undefined && kubeletArgs.length > 0) return { value: given, place: { kind: 'flag', origin } };
      if (given !== undefined) return { value: given, place: { kind: 'config', file: files['kubelet-arg']! } };
      if (endpoint !== undefined) return { value: endpoint.value, place: { kind: 'flag', origin } };
      const external = config[FLAG];
      if (typeof external === 'string' && external !== '')
        return { value: external, place: { kind: 'config', file: files[FLAG]! } };
      return builtIn(name, '/run/k3s/containerd/containerd.sock');
    },
    plan: (tree, unit, args, endpoint) => {
      const { kubeletArgs, endpoint: flag } = commandLine(args);
      const main = mainFile(unit, args);
      const external = flag !== undefined || typeof readRancher(tree, main).config[FLAG] === 'string';
      const wanted = external ? `--${FLAG}=${endpoint}` : `--kubelet-arg=${FLAG}=${endpoint}`;
      if (flag !== undefined || (!external && kubeletArgs.length > 0))
        throw strange(
          unit.execStart.origin.file,
          `the command of ${name} has ${external ? `--${FLAG}` : '--kubelet-arg'}, which beats ${main}`,
          `give it ${wanted} there, then systemctl daemon-reload && systemctl restart ${unit.name}`,
        );
      const line = external ? `${FLAG}: ${endpoint}` : `kubelet-arg+:\n- ${FLAG}=${endpoint}`;
      return [{ kind: 'file', file: `${main}.d/zz-criproxy.yaml`, content: `${HEAD}\n${line}\n` }];
    },
  };
}

/** k0s (docs.k0sproject.io/stable/runtime, /cli/k0s_worker): `--kubelet-extra-args` leaves its containerd running. */
const k0s: Distribution = {
  name: 'k0s',
  units: ['k0sworker.service', 'k0scontroller.service'],
  find: (_, unit, args) => {
    const words = args.map(({ text }) => text);
    const isWorker = words.includes('worker') || words.some(word => /^--(single|enable-worker)(=true)?$/.test(word));
    if (!isWorker) return undefined;
    const origin = unit.execStart.origin;
    const extra = findIn((findFlag(args, 'kubelet-extra-args')?.value ?? '').split(/\s+/));
    const external = findFlag(args, 'cri-socket')?.value.replace(/^(remote|docker):/, '');
    const value = extra ?? external;
    return value === undefined
      ? builtIn('k0s', '/run/k0s/containerd.sock')
      : { value, place: { kind: 'flag', origin } };
  },
  plan: (_, unit, args, endpoint) => {
    const extra = findFlag(args, 'kubelet-extra-args')?.value;
    const value = [...(extra === undefined ? [] : [extra]), `--${FLAG}=${endpoint}`].join(' ');
    const command = `${unit.execStart.line} ${quoteWord(`--kubelet-extra-args=${value}`)}`;
    const content = `${HEAD}\n[Service]\nExecStart=\nExecStart=${command}\n`;
    return [{ kind: 'file', file: `/etc/systemd/system/${unit.name}.d/zz-criproxy.conf`, content }];
  },
};

const SNAP = '/var/snap/microk8s';

/** MicroK8s (canonical.com/microk8s/docs/configuring-services): a file of arguments, one a line, copied at each refresh. */
const microk8s: Distribution = {
  name: 'microk8s',
  units: ['snap.microk8s.daemon-kubelite.service', 'snap.microk8s.daemon-kubelet.service'],
  find: tree => {
    const origin = microk8sOrigin;
    const text = tree.read(origin.file) ?? '';
    const raw = findIn(text.split('\n').map(line => line.trim()));
    if (raw === undefined) return builtIn('microk8s', `${SNAP}/common/run/containerd.sock`);
    const value = raw.replace(/\$\{?SNAP_COMMON\}?/, `${SNAP}/common`).replace(/\$\{?SNAP_DATA\}?/, `${SNAP}/current`);
    return { value, place: { kind: 'flag', origin } };
  },
  plan: (tree, unit, _, endpoint) => {
    const origin = microk8sOrigin;
    const old = findIn((tree.read(origin.file) ?? '').split('\n').map(line => line.trim()));
    if (old !== undefined) return [{ kind: 'flag', file: origin.file, origin, flag: FLAG, old, new: endpoint }];
    throw strange(
      origin.file,
      `it has no --${FLAG}`,
      `add the line --${FLAG}=${endpoint} there, then systemctl restart ${unit.name}`,
    );
  },
};

const microk8sOrigin: Origin = { file: `${SNAP}/current/args/kubelet`, syntax: 'arguments', key: FLAG };

/** A kubelet's own snap, as Charmed Kubernetes and eksctl have it: the snap keeps its arguments (snap set). */
const snap: Distribution = {
  name: 'the snap kubelet',
  units: ['snap.kubelet.daemon.service', 'snap.kubelet-eks.daemon.service'],
  find: () => builtIn('the snap kubelet', '/run/containerd/containerd.sock'),
  plan: (_, unit, __, endpoint) => {
    throw strange(
      unit.name,
      'its kubelet is a snap, whose arguments the snap keeps',
      `snap set ${unit.name.split('.')[1]} ${FLAG}=${endpoint} && systemctl restart ${unit.name}`,
    );
  },
};

export const distributions: readonly Distribution[] = [
  rancher('k3s', ['k3s.service', 'k3s-agent.service']),
  rancher('rke2', ['rke2-server.service', 'rke2-agent.service']),
  k0s,
  microk8s,
  snap,
];
