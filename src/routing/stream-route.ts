import type { CallOptions } from '../base/call.ts';
import type { LeadMetadata } from './lead-metadata.ts';
import type { PartStream } from './list-stream.ts';
import type { Plan } from './plan.ts';

/** What a server-streaming call brings, in the client's names. `lead` follows the first runtime's own stream. */
export type StreamRoute = (plan: Plan, request: Buffer, options: CallOptions, lead: LeadMetadata) => PartStream;
