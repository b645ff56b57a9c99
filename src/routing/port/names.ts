/** The separator between a runtime's id and a pod's or container's own id, as the Go criproxy documents it. */
const ID_SEPARATOR = '__';

/** The length of a pod's or container's full own id; a shorter id may be the beginning of one. */
export const FULL_ID = 64;

/** The separator between a runtime's id and an image's own name. */
const IMAGE_SEPARATOR = '/';

/** The prefix of ids of a runtime's pods and containers; empty for the primary, whose ids stay bare. */
export function idPrefix(runtimeId: string): string {
  return runtimeId === '' ? '' : runtimeId + ID_SEPARATOR;
}

/** The prefix of names of a runtime's images; empty for the primary. */
export function imagePrefix(runtimeId: string): string {
  return runtimeId === '' ? '' : runtimeId + IMAGE_SEPARATOR;
}

/** The part of a pod's or container's id before the separator; empty if there is none. */
export function runtimeInId(id: string): string {
  const at = id.indexOf(ID_SEPARATOR);
  return at < 0 ? '' : id.slice(0, at);
}

/** The first component of an image name; empty for a name of one component. */
export function runtimeInImage(image: string): string {
  const at = image.indexOf(IMAGE_SEPARATOR);
  return at < 0 ? '' : image.slice(0, at);
}

/**
 * Whether an image is named by content alone, `sha256:...` (with or without a scheme before it, as dockershim has it) or the
 * 64 hex digits of CRI-O. Such an id is the same in every runtime, is never prefixed, and does not tell the owner. A tag may be a
 * commit's hex digits (`web:0123...`), so the word before the colon must be an algorithm of the OCI image spec.
 */
export function isDigest(image: string): boolean {
  return /^(?:[a-z-]+:\/\/)?(?:sha256|sha384|sha512|blake3):[0-9a-f]{32,}$|^[0-9a-f]{64}$/.test(image);
}

/** Why a runtime's id cannot be used in these names, or undefined if it can. */
export function idFault(id: string): string | undefined {
  if (id === '') return 'the id is empty';
  if (id.includes(ID_SEPARATOR)) return `it contains "${ID_SEPARATOR}", which separates the id from a pod's id`;
  if (!/^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?$/.test(id)) {
    return 'an id is letters, digits, ".", "-" and "_", with a letter or digit at both ends';
  }
  return undefined;
}
