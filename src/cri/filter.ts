import { readAllBytes, readBytes, readEnum, readString } from './listing.ts';
import { readMapEntry } from './read.ts';

/** Decides whether an item of a list, as bytes, passes the filter of a list request. */
export type Passes = (item: Buffer) => boolean;

/** The lists that have filters on what is in their items. */
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

/** Whether a request asks for all that the runtime has. */
export function isWholeList(list: ListName, request: Buffer): boolean {
  return listFilter(list, request) === all;
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
  const wanted = entries(filter, selectorField);
  if (wanted.size === 0) return all;
  return item => {
    const labels = entries(item, labelsField);
    return [...wanted].every(([key, value]) => labels.get(key) === value);
  };
}

function entries(message: Buffer, field: number): Map<string, string> {
  return new Map(
    readAllBytes(message, field).map(bytes => {
      const { key, value } = readMapEntry(bytes, 0, bytes.length);
      return [key, value];
    }),
  );
}

/** ImageFilter.image.image: an id, a tag or a digest that the image has. */
function byImage(filter: Buffer): Passes {
  const spec = readBytes(filter, 1);
  const name = spec === undefined ? '' : readString(spec, 1);
  return name === '' ? all : item => isImage(item, name);
}

/** Whether an Image goes by this name: its id, with or without `sha256:`, one of its tags or one of its digests. */
export function isImage(image: Buffer, name: string): boolean {
  const id = readString(image, 1);
  if (id === name || id === `sha256:${name}`) return true;
  const full = fullName(name);
  return [...readAllBytes(image, 2), ...readAllBytes(image, 3)].some(each => {
    const known = each.toString('utf8');
    return known === name || fullName(known) === full;
  });
}

/** A familiar name in full, as the runtimes have it: `busybox` is `docker.io/library/busybox:latest`. */
function fullName(name: string): string {
  const [first, ...rest] = name.split('/');
  const isHost = rest.length > 0 && (/[.:]/.test(first!) || first === 'localhost');
  const path = isHost ? name : `docker.io/${rest.length === 0 ? 'library/' : ''}${name}`;
  return /[@:][^/]*$/.test(path) ? path : `${path}:latest`;
}
