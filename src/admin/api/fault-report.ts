import type { ActiveFault } from '../../faults/fault-rule.ts';

/** Body of POST /v1/faults. It has one of `delay`, `error`, `hang` and `drop`; a delay goes with another. */
export interface FaultRequest {
  /** A glob of method names; all if left out. */
  readonly method?: string;
  /** The label of a runtime, `primary` for the primary; all if left out. */
  readonly runtime?: string;
  /** How long a call waits first, in ms. */
  readonly delay?: number;
  /** The name of a gRPC code, in any case of letters, and its message. */
  readonly error?: string;
  readonly message?: string;
  readonly hang?: boolean;
  readonly drop?: boolean;
  /** 0 to 1; 1 if left out. */
  readonly probability?: number;
  /** How many calls are hit; no end if left out. */
  readonly times?: number;
}

/** An injected fault, with its rule in words. */
export interface FaultReport extends ActiveFault {
  readonly text: string;
}

/** Answer of GET /v1/faults. */
export interface FaultsAnswer {
  readonly faults: readonly FaultReport[];
}

/** Answer of POST /v1/faults. */
export interface FaultAdded {
  readonly id: number;
}

/** Answer of DELETE /v1/faults, of all or of that with `?id=`: how many are gone. */
export interface FaultsCleared {
  readonly cleared: number;
}
