import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** `last-resort` frees all that can be freed, also the memory that V8 keeps for later. */
type Collect = (options: { type: 'minor' } | { type: 'major'; flavor: 'last-resort' }) => void;

let expose = (): Collect => {
  setFlagsFromString('--expose-gc');
  const collect: Collect = runInNewContext('gc');
  expose = () => collect;
  return collect;
};

/** Collects garbage at once: of the young generation in 0.3 ms, or of all in 20 ms. */
export const collectGarbage: Collect = options => expose()(options);
