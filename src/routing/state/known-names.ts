import { type CallSubject, readSubject } from '../../cri/read/call-subject.ts';
import { containerNameOf, podNameOf } from '../../cri/read/item-names.ts';
import { sandboxOf } from '../../cri/read/state-records.ts';
import type { Listing } from '../asking/kept-list.ts';
import { idPrefix } from '../port/names.ts';
import type { Runtime } from '../port/runtime.ts';
import type { Runtimes } from '../port/runtimes.ts';
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
  let { podId } = subject;
  let runtime: Runtime | undefined;
  if (subject.containerId !== '') {
    const found = find(subject.containerId, runtimes, owner => node.of(owner).containers);
    runtime = found.runtime;
    if (found.item !== undefined) {
      names.container = containerNameOf(found.item);
      podId = idPrefix(runtime?.id ?? '') + sandboxOf(found.item);
    }
  }
  if (podId !== '') {
    const found = find(podId, runtimes, owner => node.of(owner).pods);
    runtime ??= found.runtime;
    if (found.item !== undefined && names.pod === '') Object.assign(names, podNameOf(found.item));
  }
  return { ...names, runtime };
}

/** A bare id is searched in all snapshots: it is the primary's, or a secondary's on a node with raw ids. */
function find(id: string, runtimes: Runtimes, listing: (owner: Runtime) => Listing) {
  const owner = runtimes.ownerByPrefix(id);
  if (owner !== undefined)
    return {
      runtime: owner,
      item: listing(owner)
        .index()
        .get(id.slice(idPrefix(owner.id).length)),
    };
  for (const runtime of runtimes.all) {
    const item = listing(runtime).index().get(id);
    if (item !== undefined) return { runtime, item };
  }
  return { runtime: undefined, item: undefined };
}
