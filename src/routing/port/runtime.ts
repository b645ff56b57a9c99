import type { Calls } from '../../base/call.ts';
import type { PeerDown } from '../../base/peer-down.ts';
import type { Silence } from './silence.ts';

/**
 * The state of a runtime. `packages`: the CRI API packages that it serves, best first. `runtimeName`, `runtimeVersion`: from its VersionResponse, if known.
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
  | PeerDown;

/** The VersionResponses that the runtime gave when it was connected, by CRI API package, the best first. */
export type Versions = ReadonlyMap<string, Buffer>;

/** Whether a runtime was never there. That is no fault of a secondary, which may be set up later. A socket without a server is a fault. */
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
  /** The path of its socket in the configuration. */
  readonly path: string;
  /** The real path of the socket. Knowledge of the runtime is filed by this path, since the id may change. */
  readonly socket: string;
  readonly state: RuntimeState;
  /** Whether it answers while it is up; undefined without an observer. */
  readonly silence?: Silence;
  /** Counts of calls that wait for a turn on its connection, and that failed because too many waited; undefined if not counted. */
  readonly waits?: { readonly now: number; readonly refused: number };
  /** How often it has come up and gone down again; undefined if not counted. */
  readonly changes?: { readonly up: number; readonly down: number };
  /** Calls back at each change of state, until the returned function is called. */
  onChange(listener: (state: RuntimeState) => void): () => void;
}
