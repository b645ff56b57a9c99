import type { CallOptions, Reply } from '../base/call.ts';
import type { Plan } from './plan.ts';

/** Sends a unary call where it belongs and joins the answers. */
export type UnaryRoute = (plan: Plan, request: Buffer, options: CallOptions) => Promise<Reply>;
