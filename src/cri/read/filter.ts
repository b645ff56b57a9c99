import { readAllStrings, readBytes, readEnum, readMap, readString } from '../../wire/fields.ts';
import { Records } from '../../wire/records.ts';
import { handlerOfSpec } from './image-answers.ts';
import { itemId, type KeyOf } from './listing.ts';

/** Decides whether an item of a list, as bytes, passes the filter of a list request. */
export type Passes = (item: Buffer) => boolean;

/** The lists whose filters look into the items. */
export type ListName = 'ListPodSandbox' | 'ListContainers' | 'ListImages';

const all: Passes = () => true;

/** The filter of a request (PodSandboxFilter, ContainerFilter, ImageFilter), as the runtimes apply it. Throws a WireError. */
export function listFilter(list: ListName, request: Buffer): Passes {
  const filter = readBytes(request, 1);
  if (filter === undefined) return all;
  switch (list) {
    case 'ListPodSandbox':
      return every(byId(filter), byState(filter, 3), byLabels(filter, 3, 5));
    case 'ListContainers':
      return every(byId(filter), byState(filter, 6), byPod(filter), byLabels(filter, 4, 8));
    case 'ListImages':
      return byImage(filter);
  }
}

/** Whether a request asks for all that the runtime has, as far as that can be told: not with a field that is not known here. */
export function isWholeList(list: ListName, request: Buffer): boolean {
  return !hasUnknownField(list, request) && listFilter(list, request) === all;
}

/** The fields of each filter that are known here. */
const filterFields: Readonly<Record<ListName, readonly number[]>> = {
  ListPodSandbox: [1, 2, 3],
  ListContainers: [1, 2, 3, 4],
  ListImages: [1],
};

/** Whether a list request says something that is not known here: the runtime may leave items out for it. Throws a WireError. */
export function hasUnknownField(list: ListName, request: Buffer): boolean {
  if (hasOthers(request, [1])) return true;
  const filter = readBytes(request, 1);
  if (filter === undefined) return false;
  if (hasOthers(filter, filterFields[list])) return true;
  const spec = list === 'ListImages' ? readBytes(filter, 1) : undefined;
  return spec !== undefined && hasOthers(spec, imageSpecFields);
}

/** Annotations (2), user_specified_image (18) and image_ref (20) inform: no runtime chooses images by them. */
const imageSpecFields: readonly number[] = [1, 2, 18, 19, 20];

function hasOthers(message: Buffer, fields: readonly number[]): boolean {
  const records = new Records(message);
  while (records.next()) if (!fields.includes(records.field)) return true;
  return false;
}

/** Requests without content, as hex: with a filter, its id, each of them empty. */
const asksNothing: readonly string[] = ['', '0a00', '0a020a00'];

/** Whether a request for samples asks for all that the runtime has. A field that is not known here may be a filter. */
export function asksForAll(request: Buffer): boolean {
  return asksNothing.includes(request.toString('hex'));
}

function every(...filters: readonly Passes[]): Passes {
  const needed = filters.filter(filter => filter !== all);
  if (needed.length === 0) return all;
  return item => needed.every(passes => passes(item));
}

/** The beginning of an id is enough for every runtime, since crictl shows 13 characters. */
function byId(filter: Buffer): Passes {
  const id = readString(filter, 1);
  return id === '' ? all : item => readString(item, 1).startsWith(id);
}

/** The state is a message of its own, so that the first state, 0, can be asked for. */
function byState(filter: Buffer, field: number): Passes {
  const state = readBytes(filter, 2);
  if (state === undefined) return all;
  const wanted = readEnum(state, 1);
  return item => readEnum(item, field) === wanted;
}

function byPod(filter: Buffer): Passes {
  const pod = readString(filter, 3);
  return pod === '' ? all : item => readString(item, 2).startsWith(pod);
}

function byLabels(filter: Buffer, selectorField: number, labelsField: number): Passes {
  if (readBytes(filter, selectorField) === undefined) return all;
  // Read when there is an item to judge: a live runtime judges for itself, and a selector may be as large as a message.
  let wanted: Map<string, string> | undefined;
  return item => {
    wanted ??= readMap(filter, selectorField);
    const labels = readMap(item, labelsField);
    for (const [key, value] of wanted) if (labels.get(key) !== value) return false;
    return true;
  };
}

/**
 * ImageFilter.image: its image (1) is an id, a tag or a digest that the image has; its runtime_handler (19) is the one that the image
 * was pulled for, where the runtime tells it (Image.spec).
 */
function byImage(filter: Buffer): Passes {
  const spec = readBytes(filter, 1);
  const name = spec === undefined ? '' : readString(spec, 1);
  const handler = spec === undefined ? '' : handlerOfSpec(spec);
  return every(
    name === '' ? all : item => isImage(item, name),
    handler === '' ? all : item => isOfHandler(item, handler),
  );
}

/** Image.spec.runtime_handler: the handler that the image was pulled for; empty where the runtime does not tell. */
export function handlerOfImage(image: Buffer): string {
  const spec = readBytes(image, 7);
  return spec === undefined ? '' : handlerOfSpec(spec);
}

/** Whether an image is, or may be, the one for this runtime handler; each image is for the empty one. */
export function isOfHandler(image: Buffer, handler: string): boolean {
  return handler === '' || [handler, ''].includes(handlerOfImage(image));
}

/** The key of an item in a list of this name: its id, or the key of an image. */
export function keyOfItems(list: ListName): KeyOf {
  return list === 'ListImages' ? imageKey : itemId;
}

/**
 * The id of an image, and for one that was pulled for a runtime handler the handler too. The kubelet counts, and removes, an image that
 * was pulled for two handlers as two (image_gc_manager.go, imageIndexTupleFormat).
 */
export function imageKey(image: Buffer): string {
  const handler = handlerOfImage(image);
  return handler === '' ? itemId(image) : `${itemId(image)} ${handler}`;
}

/**
 * Whether an Image goes by this name: its id, in either form or the beginning of it, one of its tags or one of its digests. The
 * same image is `sha256:` and hex digits in containerd and Docker, the hex digits alone in CRI-O.
 */
export function isImage(image: Buffer, name: string): boolean {
  const id = readString(image, 1);
  if (id === name || isBeginning(name, id)) return true;
  return [...readAllStrings(image, 2), ...readAllStrings(image, 3)].some(each => isSameName(each, name));
}

/** From this length on hex digits are taken for the beginning of an id: crictl shows 13 of them, and takes fewer. */
const SHORT = 6;

function isBeginning(name: string, id: string): boolean {
  const hex = hexOf(name);
  return hex.length >= SHORT && /^[0-9a-f]+$/.test(hex) && hexOf(id).startsWith(hex);
}

/** The digits of an image's id, without the algorithm before them. */
function hexOf(id: string): string {
  return id.startsWith('sha256:') ? id.slice('sha256:'.length) : id;
}

/** Whether two tags or digests are the same, either written in full or not. */
export function isSameName(one: string, other: string): boolean {
  return one === other || fullName(one) === fullName(other);
}

/** A familiar name in full, as the runtimes have it: `busybox` is `docker.io/library/busybox:latest`. */
export function fullName(name: string): string {
  const [first, ...rest] = name.split('/');
  const isHost = rest.length > 0 && (/[.:]/.test(first!) || first === 'localhost');
  const path = isHost ? name : `docker.io/${rest.length === 0 ? 'library/' : ''}${name}`;
  return /[@:][^/]*$/.test(path) ? path : `${path}:latest`;
}
