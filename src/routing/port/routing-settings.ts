import type { PinRow } from './pins.ts';

/** How clients see ids of secondary runtimes: with the runtime's id before them, or as they are. */
export type IdForm = 'prefixed' | 'raw';

/** How lists show names of images of secondary runtimes: as clients have asked for them, or all with the runtime's prefix. */
export type ImageNames = 'asked' | 'prefixed';

/**
 * The runtimes whose filesystems ImageFsInfo shows: the primary alone, or all, with the fullest or the primary's first. The kubelet
 * watches the first.
 */
export type ImageFsChoice = 'primary' | 'fullest' | 'all';

/** The settings of routing. Times in ms. */
export interface Settings {
  /** `http://host:port` for runtimes that answer with a bare path as streaming URL. */
  readonly streamBase: string;
  /** How long a call waits for a primary that is not up. */
  readonly primaryWait: number;
  /** How long a list waits for one runtime before its part is taken from the snapshot. */
  readonly listTimeout: number;
  /** The same for single runtimes, by id. */
  readonly listTimeouts?: ReadonlyMap<string, number>;
  /** The administrator's labels of each runtime, by id. */
  readonly labels?: ReadonlyMap<string, Readonly<Record<string, string>>>;
  /** How ids of secondary runtimes go out; prefixed if left out. */
  readonly ids?: IdForm;
  /** `asked` with raw ids, else `prefixed`, if left out. */
  readonly imageNames?: ImageNames | undefined;
  /** Images that are shown as pinned besides the runtimes' own pinned images; none if left out. */
  readonly pins?: readonly PinRow[];
  /** `all` if left out. */
  readonly imageFs?: ImageFsChoice;
  /** The share of the filesystem of a mountpoint that is used, 0 to 1. Rejects if that cannot be known. */
  readonly usedShare?: (mountpoint: string) => Promise<number>;
  /** The proxy's own version. */
  readonly version?: string;
}

/** How long a list waits for this runtime, in ms. */
export function listTimeoutOf({ listTimeout, listTimeouts }: Settings, runtimeId: string): number {
  return listTimeouts?.get(runtimeId) ?? listTimeout;
}
