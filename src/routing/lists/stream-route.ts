import type { CallOptions } from '../../base/call.ts';
import type { LeadMetadata } from '../call/lead-metadata.ts';
import type { MethodPlan } from '../call/method-plan.ts';
import type { PartStream } from './list-stream.ts';

/** The messages of a server-streaming call, in the client's names. `lead` follows the first runtime's own stream. */
export type StreamRoute = (plan: MethodPlan, request: Buffer, options: CallOptions, lead: LeadMetadata) => PartStream;
