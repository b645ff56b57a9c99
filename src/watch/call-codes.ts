import { Code, codeName } from '../base/codes.ts';

const KNOWN = 17;

/** Codes by their numbers, and one place more for codes that gRPC does not know. */
export const codeLabels: readonly string[] = [...Array.from({ length: KNOWN }, (_, code) => codeName(code)), 'other'];

export function codeIndex(code: Code): number {
  return code >= 0 && code < KNOWN ? code : KNOWN;
}

/** Codes that a healthy node shows too: the status of a removed item, a cancelled call, a method that a runtime lacks. */
const normal: ReadonlySet<Code> = new Set([Code.OK, Code.NotFound, Code.Cancelled, Code.Unimplemented]);

/** Whether an outcome is an error for an operator. */
export function isError(code: Code): boolean {
  return !normal.has(code);
}
