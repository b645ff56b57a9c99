import type { Calls } from '../../base/call.ts';
import type { Silence } from './silence.ts';

/**
 * What is known of a runtime now. `seen`: it has been up since the proxy started. `absent`: nothing is at its socket's path.
 * `packages`: the CRI API packages that it serves, best first. `runtimeName`, `runtimeVersion`: as in its Version, where that is
 * known.
 */
export type RuntimeState =
  | {
      readonly kind: 'up';
      readonly since: number;
      readonly packages: readonly string[];
      readonly runtimeName?: string;
      readonly runtimeVersion?: string;
      readonly versions?: Versions;
    }
  | {
      readonly kind: 'down';
      readonly since: number;
      readonly reason: string;
      readonly seen: boolean;
      readonly absent?: boolean;
      readonly versions?: Versions | undefined;
    };

/** The VersionResponses that the runtime gave when it was connected last, by CRI API package, the best first. */
export type Versions = ReadonlyMap<string, Buffer>;

/** No fault of a secondary runtime: it may be set up later, or never. One that fails to serve its socket is there. */
export function isUnseen(state: RuntimeState): boolean {
  return state.kind === 'down' && !state.seen && state.absent === true;
}

/**
 * The port to one container runtime. transport/ implements it; a test satisfies it with an object literal. A call fails with
 * Unavailable when the runtime is down.
 */
export interface Runtime extends Calls {
  /** The id in `-connect`; empty for the primary. */
  readonly id: string;
  /** Its socket as the configuration has it. */
  readonly path: string;
  /** The real path of the socket: what belongs to the runtime is filed by it, whatever its id is. */
  readonly socket: string;
  readonly state: RuntimeState;
  /** Whether it answers while it is up; undefined where nobody listens. */
  readonly silence?: Silence;
  /** Calls that wait for a turn on its connection, and that have failed since too many waited; undefined where nobody counts. */
  readonly waits?: { readonly now: number; readonly refused: number };
  /** How often it has come up and gone down again; undefined where nobody counts. */
  readonly changes?: { readonly up: number; readonly down: number };
  /** Calls back at each change of state, until the returned function is called. */
  onChange(listener: (state: RuntimeState) => void): () => void;
}
