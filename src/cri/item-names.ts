import { readBytes, readString } from './listing.ts';

const nothing = Buffer.alloc(0);

/** A pod's namespace and name; empty where they are not known. */
export interface PodName {
  readonly namespace: string;
  readonly pod: string;
}

/** Of a PodSandbox, whose metadata is its field 2. */
export function podNameOf(sandbox: Buffer): PodName {
  return podNameIn(readBytes(sandbox, 2));
}

/** Of a PodSandboxConfig, whose metadata is its field 1. */
export function podNameOfConfig(config: Buffer): PodName {
  return podNameIn(readBytes(config, 1));
}

/** Of a Container, whose ContainerMetadata is its field 3. */
export function containerNameOf(container: Buffer): string {
  return readString(readBytes(container, 3) ?? nothing, 1);
}

/** PodSandboxMetadata: name (1), namespace (3). */
function podNameIn(metadata: Buffer = nothing): PodName {
  return { namespace: readString(metadata, 3), pod: readString(metadata, 1) };
}
