import { Code } from '../../base/codes.ts';
import { ProxyError } from '../../base/error.ts';
import { runtimeName } from '../../base/runtime-name.ts';
import { imageNames, isPinned } from '../../cri/read/image-list.ts';
import { itemId } from '../../cri/read/listing.ts';
import { lastText } from '../../cri/read/read.ts';
import type { Rewrite, Rewrites } from '../../cri/translate/rewrite.ts';
import { idPrefix, imagePrefix } from '../port/names.ts';
import { type PinRow, pinsOf } from '../port/pins.ts';
import type { ImageNames } from '../port/routing-settings.ts';
import type { Runtime } from '../port/runtime.ts';
import type { Runtimes } from '../port/runtimes.ts';
import type { IdKind, Owners } from '../state/owners.ts';
import type { PrefixUse } from '../state/prefix-use.ts';
import { askedPrefix } from './asked-prefix.ts';
import { imageNameRewrites, putBefore, putBeforeName, type ShownImages } from './image-name-rewrites.ts';
import { absoluteUrl } from './streaming-url.ts';

const nothing = Buffer.alloc(0);
const TRUE = Buffer.from([1]);

/** The facts that names in a call depend on, besides its runtime. */
export interface Naming {
  readonly runtimes: Runtimes;
  readonly owners: Owners;
  /** See absoluteUrl. */
  readonly streamBase: string;
  /** The runtime handler that the client asked for when it made a pod, by the pod's own id; undefined: not known. */
  askedHandler(runtime: Runtime, pod: string): string | undefined;
  readonly pins: readonly PinRow[];
  /** The form of names of images in lists. */
  readonly imageNames: ImageNames;
  /** The items that clients have named with the runtime's prefix. */
  prefixUse(runtime: Runtime): PrefixUse;
  /** Whether some pods or containers of the runtime keep the id that clients know from before a change of the runtime's id. */
  keepsIds(runtime: Runtime): boolean;
}

/**
 * Rewrites names in a request into the runtime's own names. Throws InvalidArgument for an id, image or handler that clearly belongs
 * to another runtime, because this runtime cannot know it.
 */
export function requestRewrites(runtime: Runtime, naming: Naming): Rewrites {
  const { runtimes, owners } = naming;
  const image = stripImage(runtime, naming);
  return {
    pod: stripId('pod', runtime, runtimes, owners),
    container: stripId('container', runtime, runtimes, owners),
    image,
    imageHint: image,
    handler: ownHandler(runtime, runtimes),
  };
}

/**
 * Rewrites names in an answer into the client's names. `keepsIds`: some pods or containers of the runtime keep the id that clients
 * know from before a change of the runtime's id.
 */
export function responseRewrites(runtime: Runtime, naming: Naming, shown: ShownImages, keepsIds: boolean): Rewrites {
  const { streamBase } = naming;
  const url: Rewrite = (bytes, start, end, edit) => {
    const given = bytes.toString('utf8', start, end);
    const absolute = absoluteUrl(given, streamBase);
    if (absolute === undefined) {
      throw new ProxyError(
        Code.Internal,
        `criproxy: ${runtimeName(runtime.id)} answered without a usable streaming URL: "${given}"`,
      );
    }
    if (absolute !== given) edit.replace(start, end, Buffer.from(absolute));
  };
  const pins = pinsOf(runtime, naming.pins);
  const others: Rewrites = {
    ...(naming.runtimes.handlers.renames(runtime) && handlerRewrites(runtime, naming)),
    ...(pins && { pinned: pinImage(pins) }),
  };
  const images = imageNameRewrites(runtime.id, shown);
  const id = keepsIds ? putKnownPrefix(runtime, naming) : putBefore(idPrefix(runtime.id));
  const ids: Rewrites =
    naming.owners.form === 'raw' || (runtime.id === '' && !keepsIds) ? {} : { pod: id, container: id };
  if (runtime.id === '') return { url, ...ids, ...images, ...others };
  const imageId = putBeforeName(imagePrefix(runtime.id));
  return { url, ...ids, ...(naming.imageNames === 'prefixed' && { imageId }), ...images, ...others };
}

/** Adds the prefix by which clients know a pod or container. */
function putKnownPrefix(runtime: Runtime, { owners }: Naming): Rewrite {
  return (bytes, start, end, edit) => {
    if (start === end) return;
    const own = bytes.toString('utf8', start, end);
    const shown = owners.shownId(runtime, own);
    if (shown !== own) edit.replace(start, start, Buffer.from(shown.slice(0, shown.length - own.length)));
  };
}

/** A handler of the runtime in the runtime's own name. Throws InvalidArgument for a handler of another runtime. */
function ownHandler(runtime: Runtime, { handlers }: Runtimes): Rewrite {
  return (bytes, start, end, edit) => {
    if (start === end) return;
    const name = bytes.toString('utf8', start, end);
    const route = handlers.route(name);
    if (route === undefined) return;
    if (route.runtime !== runtime) throw foreign('runtime handler', name, route.runtime, runtime);
    if (route.handler === '') edit.drop();
    else if (route.handler !== name) edit.replace(start, end, Buffer.from(route.handler));
  };
}

/** A pod shows the handler that its client asked for; other messages show a name by which a client could ask for it. */
function handlerRewrites(runtime: Runtime, naming: Naming): Rewrites {
  const { handlers } = naming.runtimes;
  const nameOf = (own: string) => (own === '' ? '' : handlers.nameOf(runtime, own));
  return {
    handler(bytes, start, end, edit) {
      const own = bytes.toString('utf8', start, end);
      const name = nameOf(own);
      if (name !== own) edit.replace(start, end, Buffer.from(name));
    },
    podHandler(bytes, start, end, edit) {
      const pod = bytes.subarray(start, end);
      const own = lastText(pod, edit.last!);
      const shown = naming.askedHandler(runtime, itemId(pod)) ?? nameOf(own);
      if (shown !== own) edit.append(Buffer.from(shown));
    },
  };
}

function pinImage(pins: (name: string) => boolean): Rewrite {
  return (bytes, start, end, edit) => {
    const image = bytes.subarray(start, end);
    if (!isPinned(image) && imageNames(image).some(pins)) edit.append(TRUE);
  };
}

function stripId(kind: IdKind, runtime: Runtime, runtimes: Runtimes, owners: Owners): Rewrite {
  return (bytes, start, end, edit) => {
    if (start === end) return;
    const id = bytes.toString('utf8', start, end);
    const named = owners.named(id);
    const owner = named?.runtime ?? ownerOfRaw(kind, id, runtime, runtimes, owners);
    if (owner !== runtime) throw foreign('id', id, owner, runtime);
    if (named !== undefined && named.own !== id) edit.replace(start, end - Buffer.byteLength(named.own), nothing);
  };
}

/** In doubt the id goes to the runtime, which is asked because of this id or another one in the request. */
function ownerOfRaw(kind: IdKind, id: string, runtime: Runtime, { primary }: Runtimes, owners: Owners): Runtime {
  if (owners.form === 'prefixed') return runtime === primary ? primary : owners.candidates(kind, id)[0]!;
  return owners.has(runtime, kind, id) ? runtime : (owners.other(runtime, kind, id) ?? runtime);
}

/** A name without a prefix is the same in all runtimes. */
function stripImage(runtime: Runtime, { runtimes, prefixUse }: Naming): Rewrite {
  return (bytes, start, end, edit) => {
    if (start === end) return;
    const image = bytes.toString('utf8', start, end);
    const prefix = askedPrefix(image, runtime, runtimes, prefixUse(runtime));
    if (prefix !== '') {
      edit.replace(start, start + Buffer.byteLength(prefix), nothing);
      return;
    }
    const owner = runtimes.ownerOfImage(image);
    if (owner !== undefined) throw foreign('image', image, owner, runtime);
  };
}

function foreign(what: string, name: string, owner: Runtime, runtime: Runtime): ProxyError {
  const remedy = what === 'image' ? `; name it without "${imagePrefix(owner.id)}" to take it from there` : '';
  return new ProxyError(
    Code.InvalidArgument,
    `criproxy: ${what} "${name}" belongs to ${runtimeName(owner.id)}, but the call is for ${runtimeName(runtime.id)}${remedy}`,
  );
}
