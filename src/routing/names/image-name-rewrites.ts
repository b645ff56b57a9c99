import { itemId } from '../../cri/read/listing.ts';
import type { Rewrite, Rewrites } from '../../cri/translate/rewrite.ts';
import { imagePrefix, isDigest } from '../port/names.ts';

/**
 * The prefixes for names of images in an answer: none; the runtime's for all; or the result of `prefixOf` for the names in a Container,
 * ContainerStatus or Image, given as bytes and by its id. Empty for no prefix.
 */
export type ShownImages = 'bare' | 'prefixed' | { readonly prefixOf: (item: Buffer, id: string) => string };

/** Adds prefixes to names of images in an answer of the runtime with this id. */
export function imageNameRewrites(runtimeId: string, shown: ShownImages): Rewrites {
  if (shown === 'bare') return {};
  if (shown === 'prefixed') {
    const image = putBeforeName(imagePrefix(runtimeId));
    return { image, imageHint: image };
  }
  const puts = new Map<string, Rewrite>();
  let prefix = '';
  const image: Rewrite = (bytes, start, end, edit) => {
    if (prefix === '') return;
    const put = puts.get(prefix) ?? putBeforeName(prefix);
    puts.set(prefix, put);
    put(bytes, start, end, edit);
  };
  return {
    imageScope(bytes, start, end) {
      const item = bytes.subarray(start, end);
      prefix = shown.prefixOf(item, itemId(item));
    },
    image,
    imageHint: image,
  };
}

/** Adds a prefix to a name that is not empty. */
export function putBefore(prefix: string): Rewrite {
  const bytes = Buffer.from(prefix);
  return (_bytes, start, end, edit) => {
    if (start !== end) edit.replace(start, start, bytes);
  };
}

/** The same for the name of an image; a digest stays as it is. */
export function putBeforeName(prefix: string): Rewrite {
  const put = putBefore(prefix);
  return (bytes, start, end, edit) => {
    if (isPlainName(bytes, start, end) || !isDigest(bytes.toString('utf8', start, end))) put(bytes, start, end, edit);
  };
}

const SLASH = 0x2f;
const COLON = 0x3a;

/** Whether a slash comes before any colon, as in most image names and in no digest; read without making a string. */
function isPlainName(bytes: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    if (bytes[at] === SLASH) return true;
    if (bytes[at] === COLON) return false;
  }
  return false;
}
