import { type CallSubject, readSubject } from '../../cri/read/call-subject.ts';
import { containerNameOf, podNameOf } from '../../cri/read/item-names.ts';
import { sandboxOf } from '../../cri/read/state-records.ts';
import type { Listing } from '../asking/kept-list.ts';
import type { Runtime } from '../port/runtime.ts';
import type { Runtimes } from '../port/runtimes.ts';
import { readNamedId } from './named-id.ts';
import type { NodeState } from './node-state.ts';

/** The subject of a call; empty if not known. `runtime`: the owner of the pod or container, undefined if not known. */
export interface NamedSubject {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly image: string;
  readonly runtime: Runtime | undefined;
}

/** As nameSubject, with the knowledge at the time of the call. */
export function subjectNamer(known: {
  readonly runtimes: Runtimes;
  readonly node: NodeState;
}): (request: string, bytes: Buffer) => NamedSubject {
  return (request, bytes) => nameSubject(request, bytes, known.runtimes, known.node);
}

/**
 * Reads the subject of a request, and finds the names of ids in the snapshots. `request` is the message's name. Throws a WireError
 * for a malformed snapshot.
 */
export function nameSubject(request: string, bytes: Buffer, runtimes: Runtimes, node: NodeState): NamedSubject {
  const subject = readSubject(request, bytes);
  const { podId, containerId, image } = subject;
  if (podId === '' && containerId === '') return { ...namesIn(subject), image, runtime: undefined };
  return { image, ...findNames(subject, runtimes, node) };
}

function namesIn({ namespace, pod, container }: CallSubject) {
  return { namespace, pod, container };
}

function findNames(subject: CallSubject, runtimes: Runtimes, node: NodeState): Omit<NamedSubject, 'image'> {
  const names = namesIn(subject);
  let pod: Buffer | undefined;
  let runtime: Runtime | undefined;
  if (subject.containerId !== '') {
    const found = find(subject.containerId, runtimes, node, owner => node.of(owner).containers);
    runtime = found.runtime;
    if (found.runtime !== undefined && found.item !== undefined) {
      names.container = containerNameOf(found.item);
      pod = node.of(found.runtime).pods.index().get(sandboxOf(found.item));
    }
  }
  if (pod === undefined && subject.podId !== '') {
    const found = find(subject.podId, runtimes, node, owner => node.of(owner).pods);
    runtime ??= found.runtime;
    pod = found.item;
  }
  if (pod !== undefined && names.pod === '') Object.assign(names, podNameOf(pod));
  return { ...names, runtime };
}

/** A bare id is searched in all snapshots: it is the primary's, or a secondary's on a node with raw ids. */
function find(
  id: string,
  runtimes: Runtimes,
  node: NodeState,
  listing: (owner: Runtime) => Listing,
): { readonly runtime?: Runtime; readonly item?: Buffer | undefined } {
  const named = readNamedId(id, runtimes, node);
  if (named !== undefined) return { runtime: named.runtime, item: listing(named.runtime).index().get(named.own) };
  for (const runtime of runtimes.all) {
    const item = listing(runtime).index().get(id);
    if (item !== undefined) return { runtime, item };
  }
  return {};
}
