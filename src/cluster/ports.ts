import type { AskApi } from './api/in-cluster.ts';
import type { NodeAccess } from './node/access.ts';
import type { ImagePlaces } from './node/release.ts';

/** The node, the API server and the limits of each step. */
export interface Ports {
  readonly node: NodeAccess;
  readonly ask: AskApi;
  /** The node's name in the cluster. */
  readonly name: string;
  readonly image: ImagePlaces;
  /** Tells of a step. */
  tell(step: string, text: string): void;
  sleep(ms: number): Promise<void>;
  /** How long a changed node may take to be as it must, and how long it must then stay so, in ms. */
  readonly patience: number;
  readonly settle: number;
}

/**
 * A step that did not work. `node`: `untouched`, so that the step can be tried again; `back`, taken back, and not to be tried
 * again by itself; `halfway`, where that did not work either, or may not be done.
 */
export class StepError extends Error {
  readonly step: string;
  readonly node: 'untouched' | 'back' | 'halfway';

  constructor(step: string, node: StepError['node'], message: string) {
    super(message);
    this.name = 'StepError';
    this.step = step;
    this.node = node;
  }
}

/** For people. */
export const outcomes = {
  untouched: 'nothing was changed',
  back: 'the step was taken back',
  halfway: 'the step could not be taken back',
} as const;

/** The last lines of a command's words. */
export function quote(text: string): string {
  return text.trim().split('\n').slice(-16).join('\n');
}
