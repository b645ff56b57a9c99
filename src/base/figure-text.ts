/** A share of the whole, as `12.5%`, with up to four decimals. */
export function percent(share: number): string {
  return `${Number((share * 100).toFixed(4))}%`;
}

/** A time in ms, as `1.5 s`. */
export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
