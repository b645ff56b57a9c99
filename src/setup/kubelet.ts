import { posix } from 'node:path';
import { type Argument, expandCommand, findFlag } from './command.ts';
import { type Distribution, distributions } from './distribution.ts';
import { endpointPath } from './endpoint.ts';
import type { Host } from './host.ts';
import { type EndpointKey, findConfigValue } from './kubelet-config.ts';
import { fileOf, type KubeletSetting, type Place } from './kubelet-setting.ts';
import { SetupError, strange } from './setup-error.ts';
import type { Tree } from './tree.ts';
import { loadUnit, type Origin, type Unit } from './unit.ts';

/** The endpoints in a kubelet's settings; `place` is the place of the runtime endpoint, also if it is empty. */
export interface Endpoints {
  readonly endpoint: KubeletSetting | undefined;
  readonly imageEndpoint: KubeletSetting | undefined;
  readonly place: Place | undefined;
}

/** Releases from which on the kubelet has the endpoints in its configuration; before, it leaves out keys that it does not know. */
export const FIRST_WITH_CONFIG_KEY = 27;

/** How this node's kubelet is started, and how it learns where its runtime is. */
export interface Kubelet extends Endpoints {
  /** The service that runs it. */
  readonly unit: Unit;
  /** Undefined for a kubelet.service, as kubeadm and others have it. */
  readonly distribution: Distribution | undefined;
  /** The program of ExecStart= that starts the kubelet, where that is not the kubelet itself. */
  readonly wrapper: string | undefined;
  readonly args: readonly Argument[];
  /** The program's answer to the question for its version. */
  readonly version: string;
  /** The minor version of Kubernetes 1; undefined when the program did not say. */
  readonly minor: number | undefined;
  readonly config: string | undefined;
  /** Whether the kubelet talks to Docker by itself (up to 1.23) instead of to a CRI endpoint. */
  readonly usesDocker: boolean;
}

/** The facts about a kubelet beside the node's files. */
export type KubeletView = Pick<Host, 'askVersion' | 'processes' | 'kubeletUnits'>;

export const KUBELET_UNIT = 'kubelet.service';

/** The command that is the kubelet; undefined for another program. */
function findProgram(args: readonly Argument[]): string[] | undefined {
  const [program = '', verb] = args.map(({ text }) => text);
  const base = program.split('/').at(-1);
  if (base === 'kubelet') return [program];
  return base === 'hyperkube' && verb === 'kubelet' ? [program, verb] : undefined;
}

/** The arguments of a kubelet that runs below another program, which is the place where they come from. */
function findWrapped(unit: Unit, wrapper: string, view: KubeletView): Argument[] {
  const origin: Origin = { file: wrapper, syntax: 'arguments', key: 'ExecStart' };
  for (const { args } of view.processes(unit.name)) {
    const words = args.map(text => ({ text, origin }));
    if (findProgram(words) !== undefined) return words;
  }
  throw strange(
    unit.execStart.origin.file,
    `ExecStart= starts ${wrapper || 'nothing'}, which is not the kubelet itself, and no kubelet is seen to run below it`,
    'start it, and try again; or see how that program starts the kubelet, and set --container-runtime-endpoint there',
  );
}

function readMinor(answer: string): number | undefined {
  const minor = /^Kubernetes v1\.(\d+)\./m.exec(answer)?.[1];
  return minor === undefined ? undefined : Number(minor);
}

/** A kubelet's command line, with the facts that are needed to read it: its minor version (undefined: unknown) and working folder. */
export interface CommandLine {
  readonly args: readonly Argument[];
  readonly minor: number | undefined;
  readonly folder: string;
}

/** The absolute path that a flag names; undefined without the flag. */
function findPath({ args, folder }: Omit<CommandLine, 'minor'>, flag: string): string | undefined {
  const value = findFlag(args, flag)?.value;
  return value ? posix.resolve(folder, value) : undefined;
}

/** A flag beats the files, also an empty one. */
function findSetting(tree: Tree, line: CommandLine, flag: string, key: EndpointKey): KubeletSetting | undefined {
  const found = findFlag(line.args, flag);
  if (found !== undefined) return { value: found.value, place: { kind: 'flag', origin: found.origin } };
  if (line.minor !== undefined && line.minor < FIRST_WITH_CONFIG_KEY) return undefined;
  const configured = findConfigValue(tree, findPath(line, 'config'), findPath(line, 'config-dir'), key);
  return configured && { value: configured.value, place: { kind: 'config', file: configured.file } };
}

function withSocket(setting: KubeletSetting | undefined): KubeletSetting | undefined {
  if (setting === undefined || setting.value === '') return undefined;
  if (endpointPath(setting.value).startsWith('/')) return setting;
  throw strange(
    fileOf(setting.place),
    `the runtime endpoint ${setting.value} is no unix socket`,
    'see kubelet --container-runtime-endpoint',
  );
}

/** The endpoints that a command line and the files that it names give. Also for that of a running kubelet. */
export function findEndpoints(tree: Tree, line: CommandLine): Endpoints {
  const endpoint = findSetting(tree, line, 'container-runtime-endpoint', 'containerRuntimeEndpoint');
  const imageEndpoint = findSetting(tree, line, 'image-service-endpoint', 'imageServiceEndpoint');
  return { endpoint: withSocket(endpoint), imageEndpoint: withSocket(imageEndpoint), place: endpoint?.place };
}

function inspectService(tree: Tree, view: KubeletView, unit: Unit): Kubelet {
  const command = expandCommand(unit);
  const wrapper = findProgram(command) === undefined ? command[0]!.text : undefined;
  const args = wrapper === undefined ? command : findWrapped(unit, wrapper, view);
  const [program, ...verb] = findProgram(args)!;
  const version = view.askVersion([unit.findProgram(program!), ...verb]).trim();
  const minor = readMinor(version);
  const line = { args, minor, folder: unit.folder };
  const runtime = findFlag(args, 'container-runtime')?.value;
  const usesDocker = runtime === undefined ? minor !== undefined && minor < 24 : runtime === 'docker';
  return {
    ...{ unit, args, version, minor, wrapper, distribution: undefined },
    config: findPath(line, 'config'),
    ...findEndpoints(tree, line),
    ...(usesDocker && { endpoint: undefined, place: undefined }),
    usesDocker,
  };
}

function inspectDistribution(tree: Tree, distribution: Distribution): Kubelet | undefined {
  const unit = distribution.units.map(name => loadUnit(tree, name)).find(found => found !== undefined);
  if (unit === undefined) return undefined;
  const args = expandCommand(unit);
  const found = distribution.find(tree, unit, args);
  if (found === undefined) return undefined;
  return {
    ...{ unit, args, version: distribution.name, minor: undefined, wrapper: undefined, distribution },
    ...{
      config: undefined,
      endpoint: withSocket(found),
      imageEndpoint: undefined,
      place: found.place,
      usesDocker: false,
    },
  };
}

/** A service of another name that runs a kubelet now. */
function findOtherUnit(tree: Tree, view: Pick<Host, 'kubeletUnits'>): Unit | undefined {
  return view
    .kubeletUnits()
    .map(name => loadUnit(tree, name))
    .find(unit => unit !== undefined);
}

/**
 * Finds the place where the node's kubelet gets its runtime endpoint; undefined if the node has no kubelet.service, no kubelet of a
 * distribution, and no running kubelet of another name. Throws a SetupError (`strange`) for a kubelet that it does not understand.
 */
export function inspectKubelet(tree: Tree, view: KubeletView): Kubelet | undefined {
  const unit = loadUnit(tree, KUBELET_UNIT);
  if (unit !== undefined) return inspectService(tree, view, unit);
  const found = distributions.map(each => inspectDistribution(tree, each)).find(each => each !== undefined);
  if (found !== undefined) return found;
  const other = findOtherUnit(tree, view);
  return other && inspectService(tree, view, other);
}

/** The service that runs the kubelet, by name; kubelet.service where there is none. */
export function findKubeletUnit(tree: Tree, view: Pick<Host, 'kubeletUnits'>): string {
  const names = [KUBELET_UNIT, ...distributions.flatMap(({ units }) => units), ...view.kubeletUnits()];
  return names.find(name => hasUnit(tree, name)) ?? KUBELET_UNIT;
}

/** A kubelet that is not understood counts too. */
function hasUnit(tree: Tree, name: string): boolean {
  try {
    return loadUnit(tree, name) !== undefined;
  } catch (fault) {
    if (fault instanceof SetupError) return true;
    throw fault;
  }
}

/** Whether the kubelet's configuration is not written yet, by kubeadm for example: the kubelet cannot run. */
export function isUnfinished(tree: Tree, kubelet: Kubelet): boolean {
  return kubelet.config !== undefined && tree.read(kubelet.config) === undefined;
}
