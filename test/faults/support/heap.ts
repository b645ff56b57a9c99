import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');

/** Bytes of the heap that are in use after a full collection. */
export function heapUsed(): number {
  collect();
  return process.memoryUsage().heapUsed;
}

/** The same with what lies outside of the heap, as Buffers do. */
export function memoryUsed(): number {
  // What lies outside is let go of by the collection after the one that has found it dead.
  collect();
  collect();
  const { heapUsed: used, external } = process.memoryUsage();
  return used + external;
}
