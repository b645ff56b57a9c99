import { posix } from 'node:path';
import { type Argument, expandCommand, findFlag } from './command.ts';
import { endpointPath } from './endpoint.ts';
import { strange } from './error.ts';
import { type EndpointKey, findConfigValue } from './kubelet-config.ts';
import type { Tree } from './tree.ts';
import { loadUnit, type Origin, type Unit } from './unit.ts';

/** Where a value was written. */
export type Place =
  | { readonly kind: 'flag'; readonly origin: Origin }
  | { readonly kind: 'config'; readonly file: string };

/** A value that the kubelet uses, and where it comes from. */
export interface Setting {
  readonly value: string;
  readonly place: Place;
}

/** What a kubelet says of its endpoints; `place` is that of the runtime endpoint, also where it was left empty. */
export interface Endpoints {
  readonly endpoint: Setting | undefined;
  readonly imageEndpoint: Setting | undefined;
  readonly place: Place | undefined;
}

/** Releases from which on the kubelet has the endpoints in its configuration; before, it leaves out keys that it does not know. */
export const FIRST_WITH_CONFIG_KEY = 27;

/** How this node's kubelet is started, and how it learns where its runtime is. */
export interface Kubelet extends Endpoints {
  readonly unit: Unit;
  readonly args: readonly Argument[];
  /** What the program answered when it was asked for its version. */
  readonly version: string;
  /** The minor version of Kubernetes 1; undefined when the program did not say. */
  readonly minor: number | undefined;
  readonly config: string | undefined;
  /** Whether the kubelet talks to Docker by itself (up to 1.23) instead of to a CRI endpoint. */
  readonly usesDocker: boolean;
}

/** Asks a program for its version: `Kubernetes v1.31.0`, or why it did not say. */
export type AskVersion = (command: readonly string[]) => string;

export const KUBELET_UNIT = 'kubelet.service';

function findProgram(args: readonly Argument[]): string[] {
  const [program, verb] = args.map(({ text }) => text);
  const base = program?.split('/').at(-1);
  if (program?.startsWith('/') && base === 'kubelet') return [program];
  if (program?.startsWith('/') && base === 'hyperkube' && verb === 'kubelet') return [program, verb];
  throw strange(
    args[0]!.origin.file,
    `ExecStart= starts ${program || 'nothing'}, which is not the kubelet itself`,
    'find out how that program starts the kubelet, and set the endpoint there',
  );
}

function readMinor(answer: string): number | undefined {
  const minor = /^Kubernetes v1\.(\d+)\./m.exec(answer)?.[1];
  return minor === undefined ? undefined : Number(minor);
}

/** A kubelet's command line, with what it takes to read it: its minor version (undefined: unknown) and working folder. */
export interface CommandLine {
  readonly args: readonly Argument[];
  readonly minor: number | undefined;
  readonly folder: string;
}

/** The absolute path that a flag names; undefined without the flag. */
export function findPath({ args, folder }: Omit<CommandLine, 'minor'>, flag: string): string | undefined {
  const value = findFlag(args, flag)?.value;
  return value ? posix.resolve(folder, value) : undefined;
}

/** A flag beats the files, also an empty one. */
function findSetting(tree: Tree, line: CommandLine, flag: string, key: EndpointKey): Setting | undefined {
  const found = findFlag(line.args, flag);
  if (found !== undefined) return { value: found.value, place: { kind: 'flag', origin: found.origin } };
  if (line.minor !== undefined && line.minor < FIRST_WITH_CONFIG_KEY) return undefined;
  const configured = findConfigValue(tree, findPath(line, 'config'), findPath(line, 'config-dir'), key);
  return configured && { value: configured.value, place: { kind: 'config', file: configured.file } };
}

export function fileOf(place: Place): string {
  return place.kind === 'flag' ? place.origin.file : place.file;
}

function withSocket(setting: Setting | undefined): Setting | undefined {
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

/**
 * Finds out how the node's kubelet learns its runtime endpoint; undefined if the node has no kubelet.service. Throws a
 * SetupError (`strange`) for what it does not understand.
 */
export function inspectKubelet(tree: Tree, askVersion: AskVersion): Kubelet | undefined {
  const unit = loadUnit(tree, KUBELET_UNIT);
  if (unit === undefined) return undefined;
  const args = expandCommand(unit);
  const version = askVersion(findProgram(args)).trim();
  const minor = readMinor(version);
  const line = { args, minor, folder: unit.folder };
  const runtime = findFlag(args, 'container-runtime')?.value;
  const endpoints = findEndpoints(tree, line);
  const usesDocker = runtime === undefined ? minor !== undefined && minor < 24 : runtime === 'docker';
  return {
    unit,
    args,
    version,
    minor,
    config: findPath(line, 'config'),
    ...endpoints,
    ...(usesDocker && { endpoint: undefined, place: undefined }),
    usesDocker,
  };
}

/** Whether kubeadm (or whoever) has not written the kubelet's configuration yet: the kubelet cannot run. */
export function isUnfinished(tree: Tree, kubelet: Kubelet): boolean {
  return kubelet.config !== undefined && tree.read(kubelet.config) === undefined;
}
