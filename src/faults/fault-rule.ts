import { codeName } from '../base/codes.ts';
import { runtimeName } from '../base/runtime-name.ts';

/** How a call to a runtime ends instead: with a gRPC status, never, or with its connection cut. */
export type FaultEnd =
  | { readonly kind: 'error'; readonly code: number; readonly message: string }
  | { readonly kind: 'hang' }
  | { readonly kind: 'drop' };

/** A fault, and the calls to runtimes that it is for. */
export interface FaultRule {
  /** A glob of method names. */
  readonly method: string;
  /** The id of a runtime, empty for the primary; undefined: all. */
  readonly runtime: string | undefined;
  /** How long a call waits first, in ms. */
  readonly delay: number;
  /** Undefined: the call goes on to the runtime. */
  readonly end: FaultEnd | undefined;
  /** How often a call that fits is hit, 0 to 1. */
  readonly probability: number;
  /** After how many hits it is over; undefined: never. */
  readonly times: number | undefined;
}

/** A rule in force, with how many calls it has hit. */
export interface ActiveFault {
  readonly id: number;
  readonly rule: FaultRule;
  readonly hits: number;
  /** Whether it has hit as often as it was to. */
  readonly isSpent: boolean;
}

/** A rule in words, as `ListContainers of runtime alt: waits 2000 ms, fails with Unavailable`. */
export function describeRule({ method, runtime, delay, end, probability, times }: FaultRule): string {
  const whose = runtime === undefined ? 'all runtimes' : runtimeName(runtime);
  const what = [...(delay > 0 ? [`waits ${delay} ms`] : []), ...(end === undefined ? [] : [describeEnd(end)])];
  const often = probability < 1 ? `, each with probability ${probability}` : '';
  const until = times === undefined ? '' : `, ${times} time${times === 1 ? '' : 's'}`;
  return `${method} of ${whose}: ${what.join(', ')}${often}${until}`;
}

function describeEnd(end: FaultEnd): string {
  switch (end.kind) {
    case 'error':
      return `fails with ${codeName(end.code)}`;
    case 'hang':
      return 'hangs';
    case 'drop':
      return 'loses the connection';
  }
}
