import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A figure that must not be above `max` or below `min`, and why it is what it is. */
export interface Bar {
  /** Of which kind of run. */
  readonly mode: 'loop' | 'node' | 'soak';
  /** It needs peers on grpc-go. */
  readonly native?: boolean;
  readonly max?: number;
  readonly min?: number;
  readonly why: string;
}

export const bars: Readonly<Record<string, Bar>> = JSON.parse(
  readFileSync(join(import.meta.dirname, 'bars.json'), 'utf8'),
);

/**
 * The bars, of those that are looked at, that these figures miss, in words, if each bar is taken `margin` times as wide. A bar without a
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
    const [max, min] = [(bar.max ?? Number.POSITIVE_INFINITY) * margin, (bar.min ?? 0) / margin];
    if (figure === undefined || Number.isNaN(figure)) return [`${name}: not measured`];
    if (figure > max) return [`${name}: ${figure.toFixed(2)} is above ${max}`];
    if (figure < min) return [`${name}: ${figure.toFixed(2)} is below ${min}`];
    return [];
  });
}
