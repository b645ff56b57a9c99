import { lenField, readBytes, readEnum, varintField } from '../../wire/fields.ts';
import { readInfo } from './node-status.ts';

/** CgroupDriver. */
const CgroupDriver = { systemd: 0, cgroupfs: 1 } as const;

export type CgroupDriverName = keyof typeof CgroupDriver;

/** The driver in a RuntimeConfigResponse; undefined if it says nothing of Linux. */
export function readCgroupDriver(response: Buffer): CgroupDriverName | undefined {
  const linux = readBytes(response, 1);
  if (linux === undefined) return undefined;
  return readEnum(linux, 1) === CgroupDriver.systemd ? 'systemd' : 'cgroupfs';
}

/** A RuntimeConfigResponse. */
export function runtimeConfigWith(driver: CgroupDriverName): Buffer {
  return lenField(1, varintField(1, CgroupDriver[driver]));
}

/**
 * The driver in the verbose StatusResponse of a runtime, whose info "config" is its configuration as JSON: containerd's CRI
 * plugin, or CRI-O's `cgroup_manager`. Undefined where that does not tell.
 */
export function cgroupDriverInStatus(response: Buffer): CgroupDriverName | undefined {
  const text = readInfo(response, 'config');
  if (text === undefined) return undefined;
  try {
    const config = JSON.parse(text) as unknown;
    return driverOfCrio(config) ?? driverOfContainerd(config);
  } catch {
    return undefined;
  }
}

function driverOfCrio(config: unknown): CgroupDriverName | undefined {
  const manager = at(config, 'cgroup_manager') ?? at(config, 'crio', 'runtime', 'cgroup_manager');
  return manager === 'systemd' || manager === 'cgroupfs' ? manager : undefined;
}

/** An option that is missing is false for runc's shim; other shims have options of their own. */
function driverOfContainerd(config: unknown): CgroupDriverName | undefined {
  const name = at(config, 'containerd', 'defaultRuntimeName');
  const runtime = at(config, 'containerd', 'runtimes', String(name));
  if (!String(at(runtime, 'runtimeType')).startsWith('io.containerd.runc.')) return undefined;
  return at(runtime, 'options', 'SystemdCgroup') === true ? 'systemd' : 'cgroupfs';
}

function at(value: unknown, ...keys: readonly string[]): unknown {
  let found = value;
  for (const key of keys) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, key)) return undefined;
    found = (found as Record<string, unknown>)[key];
  }
  return found;
}
