import { isImage, isOfHandler } from '../../cri/read/filter.ts';
import { sandboxOf } from '../../cri/read/state-records.ts';
import type { Change } from '../asking/kept-list.ts';

/** Adds an item, unless the list has it: the runtime's own item is better than one made from the request. */
export function add(id: string, make: () => Buffer): Change {
  return items => {
    if (id === '' || items.has(id)) return [];
    items.set(id, make());
    return [id];
  };
}

export function remove(id: string): Change {
  return items => (items.delete(id) ? [id] : []);
}

export function patch(id: string, change: (item: Buffer) => Buffer): Change {
  return items => {
    const item = items.get(id);
    if (item === undefined) return [];
    items.set(id, change(item));
    return [id];
  };
}

export function patchAll(change: (item: Buffer) => Buffer): Change {
  return items => {
    for (const [id, item] of items) items.set(id, change(item));
    return [...items.keys()];
  };
}

/** Changes the containers of a pod; undefined takes a container out. */
export function patchOfPod(pod: string, change: (item: Buffer) => Buffer | undefined): Change {
  return items => {
    const changed: string[] = [];
    for (const [id, item] of items) {
      if (sandboxOf(item) !== pod) continue;
      const now = change(item);
      if (now === undefined) items.delete(id);
      else items.set(id, now);
      changed.push(id);
    }
    return changed;
  };
}

/** A runtime that only removes the name of an image has the image in its next list. */
export function removeImage({ name, handler }: { readonly name: string; readonly handler: string }): Change {
  return items => {
    const gone = [...items].filter(([, item]) => isImage(item, name) && isOfHandler(item, handler)).map(([key]) => key);
    for (const id of gone) items.delete(id);
    return gone;
  };
}
