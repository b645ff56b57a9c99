import type { CallOptions } from '../base/call.ts';
import type { PartStream } from './list-stream.ts';
import type { Plan } from './plan.ts';

/** What a server-streaming call brings, in the client's names. */
export type StreamRoute = (plan: Plan, request: Buffer, options: CallOptions) => PartStream;
