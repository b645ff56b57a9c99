/**
 * A rule for pods that name no runtime. A pod fits if it meets all conditions that are there; a rule without conditions fits every
 * pod.
 */
export interface PlacementRule {
  /** Globs. */
  readonly namespaces?: readonly string[] | undefined;
  /** Labels, or annotations, that the pod must have with these values. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
  /** The share of pods, above 0 and up to 1, chosen by a hash of the uid. */
  readonly share?: number | undefined;
  /** The runtime's id; empty for the primary. */
  readonly runtime: string;
}

/** Pods that a retiring runtime still takes. */
export type RetiringException = 'static' | 'critical';
