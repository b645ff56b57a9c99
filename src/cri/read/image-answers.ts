import { lenField, readBytes, readString } from '../../wire/fields.ts';
import { Records } from '../../wire/records.ts';

/** Whether an ImageStatusResponse has an image (1): without one it says that there is no such image. Throws a WireError. */
export function hasImage(response: Buffer): boolean {
  const records = new Records(response);
  while (records.next()) if (records.field === 1) return true;
  return false;
}

/** The Image of an ImageStatusResponse; undefined without one. */
export function imageOfStatus(response: Buffer): Buffer | undefined {
  return readBytes(response, 1);
}

/** The ImageStatusResponse of an Image. */
export function statusOfImage(image: Buffer): Buffer {
  return lenField(1, image);
}

/** PullImageResponse.image_ref. */
export function pulledRef(response: Buffer): string {
  return readString(response, 1);
}

/** The image of an ImageSpec. */
export function imageOfSpec(spec: Buffer): string {
  return readString(spec, 1);
}

/** The runtime handler of an ImageSpec; empty for any handler. */
export function handlerOfSpec(spec: Buffer): string {
  return readString(spec, 19);
}

/** The image of a RemoveImageRequest: its ImageSpec (1). */
export function removedImage(request: Buffer): { readonly name: string; readonly handler: string } {
  const spec = readBytes(request, 1) ?? Buffer.alloc(0);
  return { name: imageOfSpec(spec), handler: handlerOfSpec(spec) };
}
