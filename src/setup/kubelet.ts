import { type Argument, expandCommand, findFlag } from './command.ts';
import { endpointPath } from './endpoint.ts';
import { strange } from './error.ts';
import { type EndpointKey, findConfigValue } from './kubelet-config.ts';
import type { Tree } from './tree.ts';
import { loadUnit, type Origin, type Unit } from './unit.ts';

/** A value that the kubelet uses, and where it comes from; no place for the kubelet's own default. */
export interface Setting {
  readonly value: string;
  readonly place:
    | { readonly kind: 'flag'; readonly origin: Origin }
    | { readonly kind: 'config'; readonly file: string };
}

/** How this node's kubelet is started, and how it learns where its runtime is. */
export interface Kubelet {
  readonly unit: Unit;
  readonly args: readonly Argument[];
  /** What the program answered when it was asked for its version. */
  readonly version: string;
  /** The minor version of Kubernetes 1; undefined when the program did not say. */
  readonly minor: number | undefined;
  readonly config: string | undefined;
  readonly endpoint: Setting | undefined;
  readonly imageEndpoint: Setting | undefined;
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

function findSetting(tree: Tree, args: readonly Argument[], flag: string, key: EndpointKey): Setting | undefined {
  const found = findFlag(args, flag);
  if (found !== undefined && found.value !== '')
    return { value: found.value, place: { kind: 'flag', origin: found.origin } };
  const configured = findConfigValue(tree, findFlag(args, 'config')?.value, findFlag(args, 'config-dir')?.value, key);
  return configured && { value: configured.value, place: { kind: 'config', file: configured.file } };
}

function assertSocket(setting: Setting | undefined): void {
  if (setting === undefined || endpointPath(setting.value).startsWith('/')) return;
  const file = setting.place.kind === 'flag' ? setting.place.origin.file : setting.place.file;
  throw strange(
    file,
    `the runtime endpoint ${setting.value} is no unix socket`,
    'see kubelet --container-runtime-endpoint',
  );
}

/** The endpoints that a command line and the files that it names give. Also for that of a running kubelet. */
export function findEndpoints(tree: Tree, args: readonly Argument[]): Pick<Kubelet, 'endpoint' | 'imageEndpoint'> {
  const endpoint = findSetting(tree, args, 'container-runtime-endpoint', 'containerRuntimeEndpoint');
  const imageEndpoint = findSetting(tree, args, 'image-service-endpoint', 'imageServiceEndpoint');
  assertSocket(endpoint);
  assertSocket(imageEndpoint);
  return { endpoint, imageEndpoint };
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
  const config = findFlag(args, 'config')?.value;
  if (config !== undefined && !config.startsWith('/'))
    throw strange(args[0]!.origin.file, `--config=${config} is a relative path`, 'make it an absolute one');
  const runtime = findFlag(args, 'container-runtime')?.value;
  const { endpoint, imageEndpoint } = findEndpoints(tree, args);
  const usesDocker = runtime === undefined ? minor !== undefined && minor < 24 : runtime === 'docker';
  return { unit, args, version, minor, config, endpoint: usesDocker ? undefined : endpoint, imageEndpoint, usesDocker };
}

/** Whether kubeadm (or whoever) has not written the kubelet's configuration yet: the kubelet cannot run. */
export function isUnfinished(tree: Tree, kubelet: Kubelet): boolean {
  return kubelet.config !== undefined && tree.read(kubelet.config) === undefined;
}
