/** The word that was probably meant: the most similar of some others, if one is similar. */
export function nearest(word: string, others: readonly string[]): string | undefined {
  const wanted = word.toLowerCase();
  const scored = others.map(other => ({ other, far: distance(wanted, other.toLowerCase()) }));
  const best = scored.sort((one, two) => one.far - two.far)[0];
  return best !== undefined && best.far <= Math.max(1, Math.floor(word.length / 3)) ? best.other : undefined;
}

/** How many letters have to be put in, left out, changed or swapped with their neighbour. */
function distance(from: string, to: string): number {
  const rows: number[][] = [Array.from({ length: to.length + 1 }, (_, index) => index)];
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    for (let j = 1; j <= to.length; j++) {
      const change = from[i - 1] === to[j - 1] ? 0 : 1;
      const isSwapped = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      row[j] = Math.min(
        rows[i - 1]![j]! + 1,
        row[j - 1]! + 1,
        rows[i - 1]![j - 1]! + change,
        isSwapped ? rows[i - 2]![j - 2]! + 1 : Infinity,
      );
    }
    rows.push(row);
  }
  return rows[from.length]![to.length]!;
}
