import { readAllBytes, readBytes, readString } from '../../wire/fields.ts';

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

/** A container that a call has made, and its ImageSpec as the call has it. */
export interface MadeContainer {
  readonly id: string;
  readonly image: Buffer;
}

/** Of a CreateContainer that was answered: config (2) has the ImageSpec (2), the answer the id (1). */
export function createdContainer(request: Buffer, answer: Buffer): MadeContainer {
  return { id: readString(answer, 1), image: imageOfConfig(readBytes(request, 2)) };
}

/** Of a RestorePod that was answered: its container_configs (5) and restored_containers (2), of name (1) and id (2), by name. */
export function restoredContainers(request: Buffer, answer: Buffer): MadeContainer[] {
  const configs = new Map(
    readAllBytes(request, 5).map(config => [readString(readBytes(config, 1) ?? nothing, 1), config] as const),
  );
  return readAllBytes(answer, 2).map(each => ({
    id: readString(each, 2),
    image: imageOfConfig(configs.get(readString(each, 1))),
  }));
}

function imageOfConfig(config: Buffer = nothing): Buffer {
  return readBytes(config, 2) ?? nothing;
}

/** The client's name of an image in an ImageSpec: user_specified_image (18), which the kubelet sends since 1.28, else image. */
export function imageAsked(spec: Buffer): string {
  return readString(spec, 18) || readString(spec, 1);
}
