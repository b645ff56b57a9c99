import type { Origin } from './unit.ts';

/** Where a value was written. */
export type Place =
  | { readonly kind: 'flag'; readonly origin: Origin }
  | { readonly kind: 'config'; readonly file: string }
  | { readonly kind: 'default'; readonly of: string };

/** A value that the kubelet uses, and where it comes from. */
export interface KubeletSetting {
  readonly value: string;
  readonly place: Place;
}

/** The file of a place, or the program that has the default. */
export function fileOf(place: Place): string {
  if (place.kind === 'default') return place.of;
  return place.kind === 'flag' ? place.origin.file : place.file;
}

/** A place for people, with the variable or setting of its file. */
export function describePlace(place: Place): string {
  if (place.kind === 'default') return `${place.of}, which has a runtime of its own`;
  if (place.kind === 'config') return place.file;
  const { file, variable, key } = place.origin;
  return `${file} (${variable ?? key})`;
}
