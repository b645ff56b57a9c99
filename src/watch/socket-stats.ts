import { Code } from '../base/codes.ts';
import { codeIndex, codeLabels } from './call-codes.ts';
import type { CallRecord } from './call-record.ts';
import type { CallObserver } from './call-watch.ts';

/** Calls that have ended, of one socket. */
export interface SocketFigures {
  readonly calls: number;
  /** Calls that its rules refuse (PermissionDenied), and calls beyond a limit (ResourceExhausted). */
  readonly denied: number;
  readonly limited: number;
}

/** Counts the calls of the sockets beside the node's own, by their paths and codes. */
export class SocketStats implements CallObserver {
  readonly codes = new Map<string, Float64Array>();

  ended({ socket, code }: CallRecord): void {
    if (socket === '') return;
    let counts = this.codes.get(socket);
    if (counts === undefined) {
      counts = new Float64Array(codeLabels.length);
      this.codes.set(socket, counts);
    }
    counts[codeIndex(code)]!++;
  }

  figures(socket: string): SocketFigures {
    const counts = this.codes.get(socket);
    const of = (code: number) => counts?.[codeIndex(code)] ?? 0;
    return {
      calls: counts?.reduce((sum, count) => sum + count, 0) ?? 0,
      denied: of(Code.PermissionDenied),
      limited: of(Code.ResourceExhausted),
    };
  }

  /** Drops the counts of a socket that is no more. */
  forget(socket: string): void {
    this.codes.delete(socket);
  }
}
