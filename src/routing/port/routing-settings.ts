import type { PinRow } from './pins.ts';
import type { PlacementRule, RetiringException } from './placement-rule.ts';

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
export interface RoutingSettings {
  /** `http://host:port` for runtimes that answer with a bare path as streaming URL. */
  readonly streamBase: string;
  /** How long a call waits for a primary that is not up. */
  readonly primaryWait: number;
  /** How long a list waits for one runtime before its part is taken from the snapshot. */
  readonly listTimeout: number;
  /** Of single runtimes, by id. */
  readonly runtimes?: ReadonlyMap<string, RuntimeSettings>;
  /** How ids of secondary runtimes go out; prefixed if left out. */
  readonly ids?: IdForm;
  /** `asked` with raw ids, else `prefixed`, if left out. */
  readonly imageNames?: ImageNames | undefined;
  /** Rules for pods that name no runtime; the first that fits. */
  readonly placement?: readonly PlacementRule[];
  /** Images that are shown as pinned besides the runtimes' own pinned images; none if left out. */
  readonly pins?: readonly PinRow[];
  /** `all` if left out. */
  readonly imageFs?: ImageFsChoice;
  /** The share of the filesystem of a mountpoint that is used, 0 to 1. Rejects if that cannot be known. */
  readonly usedShare?: (mountpoint: string) => Promise<number>;
  /** The proxy's own version. */
  readonly version?: string;
}

/** Settings of one runtime. Times in ms. */
export interface RuntimeSettings {
  /** As for all, if left out. */
  readonly listTimeout?: number | undefined;
  /** The administrator's labels of it. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Whether it takes no new pods, but for the exceptions. */
  readonly retiring?: boolean;
  readonly retiringExcept?: readonly RetiringException[];
}

/** How long a list waits for this runtime, in ms. */
export function listTimeoutOf({ listTimeout, runtimes }: RoutingSettings, runtimeId: string): number {
  return runtimes?.get(runtimeId)?.listTimeout ?? listTimeout;
}
