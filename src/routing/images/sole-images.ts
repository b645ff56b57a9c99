import { fullName } from '../../cri/read/filter.ts';
import { digestsOf, tagsOf } from '../../cri/read/image-list.ts';
import { isUsedBy } from '../../cri/read/image-use.ts';
import { itemId } from '../../cri/read/listing.ts';
import { factsOfSandbox } from '../../cri/read/pod-facts.ts';
import { handlerOfPod, isReady } from '../../cri/read/pod-identity.ts';
import { sandboxOf } from '../../cri/read/state-records.ts';
import { type PlacementBase, placePod } from '../placement/place-pod.ts';
import type { Runtime } from '../port/runtime.ts';
import type { NodeState } from '../state/node-state.ts';

/**
 * Images of a runtime, by their tags, else by their digests, in its own names. `only`: no other runtime has them. `missing`: used by a
 * pod whose successor would go to another runtime, which lacks them.
 */
export interface SoleImages {
  readonly only: readonly string[];
  readonly missing: readonly { readonly runtime: string; readonly names: readonly string[] }[];
}

/** By the last lists; undefined if the runtime's list is not known, or no other runtime's. */
export function soleImages(base: PlacementBase, runtime: Runtime): SoleImages | undefined {
  const { node } = base;
  const isKnown = (one: Runtime) => node.of(one).images.takenAt !== undefined;
  const others = node.runtimes.all.filter(other => other !== runtime && isKnown(other));
  if (!isKnown(runtime) || others.length === 0) return undefined;
  const held = new Map(others.map(other => [other, allNames(node, other)]));
  const names = [...node.of(runtime).images.index().values()].flatMap(namesOf);
  const only = names.filter(name => ![...held.values()].some(all => all.has(fullName(name))));
  const missing = new Map<string, Set<string>>();
  for (const { target, name } of namesForSuccessors(base, runtime)) {
    if (held.get(target)?.has(fullName(name)) !== false) continue;
    missing.set(target.id, (missing.get(target.id) ?? new Set()).add(name));
  }
  return { only, missing: [...missing].map(([id, all]) => ({ runtime: id, names: [...all] })) };
}

/** Names of images of pods that would go to another runtime if they were created again. */
function* namesForSuccessors(base: PlacementBase, runtime: Runtime): Generator<{ target: Runtime; name: string }> {
  const { pods, containers, images } = base.node.of(runtime);
  const all = [...containers.index().values()];
  for (const pod of pods.index().values()) {
    const target = isReady(pod) ? targetOf(base, runtime, pod) : runtime;
    if (target === runtime) continue;
    for (const container of all.filter(each => sandboxOf(each) === itemId(pod))) {
      const used = [...images.index().values()].filter(image => isUsedBy(image, container));
      for (const name of used.flatMap(namesOf)) yield { target, name };
    }
  }
}

/** A successor has another uid, so that a share does not tell. */
function targetOf(base: PlacementBase, runtime: Runtime, pod: Buffer): Runtime {
  const { node } = base;
  const own = handlerOfPod(pod);
  const asked = node.of(runtime).askedHandlers.get(itemId(pod));
  const handler = asked ?? (own === '' ? '' : node.runtimes.handlers.nameOf(runtime, own));
  try {
    return placePod(base, { ...factsOfSandbox(pod), uid: '', handler }).runtime;
  } catch {
    return runtime; // such a pod would be refused
  }
}

function namesOf(image: Buffer): string[] {
  const tags = tagsOf(image);
  return tags.length > 0 ? tags : digestsOf(image);
}

function allNames(node: NodeState, runtime: Runtime): Set<string> {
  const images = [...node.of(runtime).images.index().values()];
  return new Set(images.flatMap(image => [...tagsOf(image), ...digestsOf(image)]).map(fullName));
}
