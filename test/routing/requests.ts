import type { Message } from '../support/cri-types.ts';
import { type IdPathFact, idPaths, methodFact, type PathSegment } from '../support/facts.ts';

export const TARGET_RUNTIME = 'kubernetes.io/target-runtime';

/** A client's name for a pod, container or image of a runtime; the primary's id is empty. */
export function clientName(kind: IdPathFact['kind'], runtime: string, name: string): string {
  if (runtime === '' || kind === 'handler' || kind === 'url') return name;
  return kind === 'image' ? `${runtime}/${name}` : `${runtime}__${name}`;
}

/** Puts a value at a path of the table into a message; a repeated field gets a new item for it. */
export function put(message: Message, segments: readonly PathSegment[], value: unknown): void {
  const [{ name, repeated } = { name: '', repeated: false }, ...rest] = segments;
  const inner = rest.length === 0 ? value : ((repeated ? message[name]?.at(-1) : message[name]) ?? {});
  if (!repeated) message[name] = inner;
  else if (rest.length === 0) message[name] = [...(message[name] ?? []), inner];
  else message[name] = [...(message[name]?.slice(0, -1) ?? []), inner];
  if (rest.length > 0) put(inner, rest, value);
}

export function pathsOf(method: string, side: IdPathFact['side']): IdPathFact[] {
  return idPaths.filter(row => row.method === method && row.side === side);
}

/** Methods whose pod annotation chooses the runtime. */
export const byAnnotation = ['RunPodSandbox', 'RestorePod'];

/**
 * The smallest request that is for one runtime alone, in the client's names; undefined for a method that always goes to the primary
 * or to all.
 */
export function requestFor(method: string, runtime: string): Message | undefined {
  methodFact(method);
  if (byAnnotation.includes(method)) {
    return { config: { annotations: runtime === '' ? {} : { [TARGET_RUNTIME]: runtime } } };
  }
  const owner = pathsOf(method, 'request').find(row => ['pod', 'container', 'image'].includes(row.kind));
  if (owner === undefined) return undefined;
  const request: Message = {};
  put(request, owner.segments, clientName(owner.kind, runtime, 'owner'));
  return request;
}
