import { readBytes, readMap, readString } from '../../wire/fields.ts';
import { fieldsOf } from '../tables/schema.ts';
import { handlerOfPod } from './pod-identity.ts';

/** The facts of a pod by which a runtime can be chosen. `uid` is empty if it is not known. */
export interface PodFacts {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly annotations: ReadonlyMap<string, string>;
  /** The runtime handler; empty for the default. */
  readonly handler: string;
}

const nothing = Buffer.alloc(0);

/** From a PodSandboxConfig: metadata (1), labels (6), annotations (7). */
function factsOfConfig(config: Buffer = nothing, handler: string): PodFacts {
  const labels = readMap(config, 6);
  return { ...named(readBytes(config, 1)), labels, annotations: readMap(config, 7), handler };
}

/** From the PodSandboxConfig in a request, given by its message's name; no facts if the message has none. Throws a WireError. */
export function factsOfRequest(message: string, request: Buffer, handler: string): PodFacts {
  const field = fieldsOf(message).find(({ type }) => type === 'PodSandboxConfig');
  return factsOfConfig(field && readBytes(request, field.number), handler);
}

/** From a PodSandbox: metadata (2), labels (5), annotations (6). The handler is the runtime's own. */
export function factsOfSandbox(sandbox: Buffer): PodFacts {
  const labels = readMap(sandbox, 5);
  return {
    ...named(readBytes(sandbox, 2)),
    labels,
    annotations: readMap(sandbox, 6),
    handler: handlerOfPod(sandbox),
  };
}

/** PodSandboxMetadata: name (1), uid (2), namespace (3). */
function named(metadata: Buffer = nothing): Pick<PodFacts, 'namespace' | 'name' | 'uid'> {
  return { namespace: readString(metadata, 3), name: readString(metadata, 1), uid: readString(metadata, 2) };
}
