import { Code, codeName } from '../base/codes.ts';

const KNOWN = 17;

/** Codes by their numbers, and one place more for those that gRPC does not know. */
export const codeLabels: readonly string[] = [...Array.from({ length: KNOWN }, (_, code) => codeName(code)), 'other'];

export function codeIndex(code: Code): number {
  return code >= 0 && code < KNOWN ? code : KNOWN;
}

/** What a healthy node shows too: a status asked of what is gone, a call given up, a method that a runtime lacks. */
const normal: ReadonlySet<Code> = new Set([Code.OK, Code.NotFound, Code.Cancelled, Code.Unimplemented]);

/** Whether an operator should want to know of a call that ended so. */
export function isError(code: Code): boolean {
  return !normal.has(code);
}
