import { change, status } from './call-moves.ts';
import { imageStatus, pull, removeImage } from './image-moves.ts';
import { list, listDuringChange } from './list-moves.ts';
import { byItself, fault, reload, restart, wait } from './node-moves.ts';
import { place } from './placement-moves.ts';
import { identity, stats } from './sample-moves.ts';
import type { World } from './world.ts';

export type Move = (world: World) => Promise<void>;

/** The kinds of steps, and their shares. */
const shares: readonly (readonly [Move, number])[] = [
  [change, 12],
  [list, 12],
  [listDuringChange, 3],
  [status, 4],
  [pull, 3],
  [imageStatus, 2],
  [removeImage, 2],
  [place, 4],
  [stats, 3],
  [identity, 2],
  [fault, 7],
  [byItself, 3],
  [wait, 2],
  [restart, 2],
  [reload, 2],
];

export const moves: readonly Move[] = shares.flatMap(([move, share]) => Array<Move>(share).fill(move));
