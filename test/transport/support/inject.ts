import type { Ended, ReportFault } from '../../../src/base/own-fault.ts';
import type { Connection } from '../../../src/transport/http2/connection.ts';
import type { Stream } from '../../../src/transport/http2/stream.ts';
import { StreamState } from '../../../src/transport/http2/stream-state.ts';

/** A fault in the code of the program. */
export const injected = new TypeError('an injected fault');

/** The parts of an object that its type does not show. */
// biome-ignore lint/suspicious/noExplicitAny: private members have no types here
export const inside = (of: object): any => of;

/** The connection of a ServerConnection or a Session. */
export const connectionOf = (of: object): Connection => inside(of).connection;

/** Has the next call of the method throw. */
export function throwNext(of: object, method: string): void {
  inside(of)[method] = () => {
    delete inside(of)[method];
    throw injected;
  };
}

/** Brings a stream into a state in which nothing can be sent. */
export function breakState(stream: Stream): void {
  stream.state = StreamState.HalfClosedLocal;
}

/** Keeps the faults that are reported, in words. */
export function reports(): { report: ReportFault; words: string[] } {
  const words: string[] = [];
  const report = (fault: unknown, ended: Ended) => void words.push(`${ended}: ${(fault as Error).message}`);
  return { report, words };
}
