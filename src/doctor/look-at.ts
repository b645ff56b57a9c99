import type { FileFacts } from '../setup/host.ts';
import { type Finding, skip } from './finding.ts';
import type { ExaminedNode } from './node.ts';

/** The facts of a file; undefined if it is not there; the finding of `check` if they cannot be read, and so `unchecked` is not known. */
export function lookAt(
  node: Pick<ExaminedNode, 'stat'>,
  path: string,
  check: string,
  name: string,
  unchecked: string,
): { readonly facts: FileFacts | undefined } | { readonly finding: Finding } {
  try {
    return { facts: node.stat(path) };
  } catch (fault) {
    return { finding: skip(check, `${name} cannot be looked at: ${(fault as Error).message}`, unchecked) };
  }
}
