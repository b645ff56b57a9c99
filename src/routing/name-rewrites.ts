import { Code } from '../base/codes.ts';
import { ProxyError } from '../base/error.ts';
import type { Rewrite, Rewrites } from '../cri/rewrite.ts';
import { idPrefix, imagePrefix, isDigest } from './names.ts';
import type { Runtime } from './runtime.ts';
import { type Runtimes, runtimeName } from './runtimes.ts';
import { absoluteUrl } from './streaming-url.ts';

const nothing = Buffer.alloc(0);

/**
 * Makes names in a request those that the runtime itself uses. An id or image of another runtime than that of the call
 * throws InvalidArgument: no runtime could know it.
 */
export function requestRewrites(runtime: Runtime, runtimes: Runtimes): Rewrites {
  const id = stripId(runtime, runtimes);
  return {
    pod: id,
    container: id,
    image: stripImage(runtime, runtimes, true),
    imageHint: stripImage(runtime, runtimes, false),
  };
}

/** Makes names in an answer those that the client knows. `streamBase` is absoluteUrl's. */
export function responseRewrites(runtime: Runtime, streamBase: string): Rewrites {
  const url: Rewrite = (bytes, start, end, edit) => {
    const given = bytes.toString('utf8', start, end);
    const absolute = absoluteUrl(given, streamBase);
    if (absolute === undefined) {
      throw new ProxyError(
        Code.Internal,
        `criproxy: ${runtimeName(runtime)} answered with no usable streaming URL: "${given}"`,
      );
    }
    if (absolute !== given) edit.replace(start, end, Buffer.from(absolute));
  };
  if (runtime.id === '') return { url };
  const id = insert(idPrefix(runtime.id));
  const image = insertBeforeName(imagePrefix(runtime.id));
  return { url, pod: id, container: id, image, imageHint: image };
}

function stripId(runtime: Runtime, runtimes: Runtimes): Rewrite {
  const prefix = Buffer.byteLength(idPrefix(runtime.id));
  return (bytes, start, end, edit) => {
    if (start === end) return;
    const id = bytes.toString('utf8', start, end);
    const owner = runtimes.ownerOfId(id);
    if (owner !== runtime) throw foreign('id', id, owner, runtime);
    if (prefix > 0) edit.replace(start, start + prefix, nothing);
  };
}

function stripImage(runtime: Runtime, runtimes: Runtimes, strict: boolean): Rewrite {
  const prefix = Buffer.byteLength(imagePrefix(runtime.id));
  return (bytes, start, end, edit) => {
    if (start === end) return;
    const image = bytes.toString('utf8', start, end);
    const owner = runtimes.ownerOfImage(image);
    if (owner === undefined) return;
    if (owner === runtime) {
      if (prefix > 0) edit.replace(start, start + prefix, nothing);
    } else if (strict || owner !== runtimes.primary) {
      throw foreign('image', image, owner, runtime);
    }
  };
}

function foreign(what: string, name: string, owner: Runtime, runtime: Runtime): ProxyError {
  const remedy =
    what === 'image' && runtime.id !== '' ? `; name it "${imagePrefix(runtime.id)}..." to take it from there` : '';
  return new ProxyError(
    Code.InvalidArgument,
    `criproxy: ${what} "${name}" belongs to the ${runtimeName(owner)}, but the call is for the ${runtimeName(runtime)}${remedy}`,
  );
}

function insert(prefix: string): Rewrite {
  const bytes = Buffer.from(prefix);
  return (_bytes, start, end, edit) => {
    if (start !== end) edit.replace(start, start, bytes);
  };
}

function insertBeforeName(prefix: string): Rewrite {
  const put = insert(prefix);
  return (bytes, start, end, edit) => {
    if (isPlainName(bytes, start, end) || !isDigest(bytes.toString('utf8', start, end))) put(bytes, start, end, edit);
  };
}

const SLASH = 0x2f;
const COLON = 0x3a;

/** Whether a slash comes before any colon, as in most image names and in no digest: seen without making a string of it. */
function isPlainName(bytes: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    if (bytes[at] === SLASH) return true;
    if (bytes[at] === COLON) return false;
  }
  return false;
}
