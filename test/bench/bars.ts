import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A figure that must not be above `max` or below `min`, and why it is what it is. */
export interface Bar {
  readonly max?: number;
  readonly min?: number;
  readonly why: string;
}

export const bars: Readonly<Record<string, Bar>> = JSON.parse(
  readFileSync(join(import.meta.dirname, 'bars.json'), 'utf8'),
);

/** The bars, of those that are looked at, that these figures miss, in words. A bar without a figure is missed. */
export function misses(figures: Readonly<Record<string, number>>, looksAt: (name: string) => boolean): string[] {
  return Object.entries(bars).flatMap(([name, { max, min }]) => {
    if (!looksAt(name)) return [];
    const figure = figures[name];
    if (figure === undefined || Number.isNaN(figure)) return [`${name}: not measured`];
    if (max !== undefined && figure > max) return [`${name}: ${figure.toFixed(2)} is above ${max}`];
    if (min !== undefined && figure < min) return [`${name}: ${figure.toFixed(2)} is below ${min}`];
    return [];
  });
}
