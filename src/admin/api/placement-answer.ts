/** Body of POST /v1/place: a pod that the daemon knows, by namespace and name, or the facts of a pod to be. */
export type PlaceRequest =
  | { readonly known: { readonly namespace: string; readonly name: string } }
  | { readonly pod: PlacedPod };

/** The facts of a pod that choose its runtime. `uid` and `handler` may be empty. */
export interface PlacedPod {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** The handler of its RuntimeClass. */
  readonly handler: string;
}

/** Answer of POST /v1/place. `runtime` is the runtime's id, empty for the primary; null if the pod would be refused. */
export interface PlaceAnswer {
  readonly runtime: string | null;
  /** The steps to the decision, a line each; the last is the error's text if the pod would be refused. */
  readonly steps: readonly string[];
}

/** Body of POST /v1/retire. Without `retiring` nothing changes. */
export interface RetireRequest {
  readonly runtime: string;
  readonly retiring?: boolean;
}

/** Answer of POST /v1/retire. */
export interface RetireAnswer {
  readonly runtime: string;
  readonly retiring: boolean;
  /** Whether the configuration says so, which a command cannot undo. */
  readonly configured: boolean;
  /** Null if the runtime's pods are not known. */
  readonly left: readonly LeftPod[] | null;
}

/** A pod on a retiring runtime. */
export interface LeftPod {
  readonly namespace: string;
  readonly name: string;
  /** The time of its oldest sandbox; null if that is not known. */
  readonly since: string | null;
  /** Its controller as far as its labels tell, as `Deployment web`; null if they do not. */
  readonly owner: string | null;
}
