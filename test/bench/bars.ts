import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A figure that must not be above `max` or below `min`, and the reason for the limit. */
export interface Bar {
  /** The kind of run that measures it. */
  readonly mode: 'loop' | 'node' | 'soak';
  /** The figure needs peers on grpc-go. */
  readonly native?: boolean;
  readonly max?: number;
  readonly min?: number;
  readonly why: string;
}

export const bars: Readonly<Record<string, Bar>> = JSON.parse(
  readFileSync(join(import.meta.dirname, 'bars.json'), 'utf8'),
);

/**
 * The measured bars that these figures miss, in words, if each bar is taken `margin` times as wide. A bar without a
 * figure is missed.
 */
export function misses(
  figures: Readonly<Record<string, number>>,
  looksAt: (bar: Bar) => boolean,
  margin = 1,
  all = bars,
): string[] {
  return Object.entries(all).flatMap(([name, bar]) => {
    if (!looksAt(bar)) return [];
    const figure = figures[name];
    if (figure === undefined || Number.isNaN(figure)) return [`${name}: not measured`];
    const max = bar.max === undefined ? Number.POSITIVE_INFINITY : bar.max * margin;
    const min = bar.min === undefined ? Number.NEGATIVE_INFINITY : bar.min / margin;
    if (figure > max) return [`${name}: ${figure.toFixed(2)} is above ${max}`];
    if (figure < min) return [`${name}: ${figure.toFixed(2)} is below ${min}`];
    return [];
  });
}
