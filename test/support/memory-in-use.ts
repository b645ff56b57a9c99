import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');

/** The readings in a row that must not fall: V8 frees Buffers on other threads, some time after it has found them dead. */
const STEADY = 3;
const MOST_READINGS = 100;

/** Bytes in use, of the heap and of Buffers, once collections free no more. */
export async function memoryInUse(): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let readings = 0, steady = 0; readings < MOST_READINGS && steady < STEADY; readings++) {
    collect();
    await sleep(10);
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    steady = heapUsed + arrayBuffers < least - 50_000 ? 0 : steady + 1;
    least = Math.min(least, heapUsed + arrayBuffers);
  }
  return least;
}
