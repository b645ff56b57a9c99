/** The thing that a fault of this program has ended. */
export type Ended = 'client connection' | 'runtime connection' | 'call';

/** Takes a fault of this program: anything that was thrown and is no error of a peer. */
export type ReportFault = (fault: unknown, ended: Ended) => void;

/** Throws the fault outside of all calls, so that the process ends. */
export const throwFault: ReportFault = fault => {
  setImmediate(() => {
    throw fault;
  });
};

/** The stack of a fault on one line: its text, then each frame. */
export function stackLine(fault: unknown): string {
  if (!(fault instanceof Error)) return `thrown: ${String(fault)}`;
  const cause = fault.cause === undefined ? '' : `, caused by ${stackLine(fault.cause)}`;
  return `${(fault.stack ?? String(fault)).replace(/\n\s*/g, ', ')}${cause}`;
}
