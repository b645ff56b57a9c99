/**
 * Splits a line into words as systemd does (systemd.syntax(7), Quoting): at white space, with double or single quotes
 * around a part, and C escapes with a backslash. Returns undefined when a quote is not closed.
 */
export function splitWords(line: string): string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (let at = 0; at < line.length; at++) {
    const char = line[at]!;
    if (char === '\\' && quote !== "'" && at + 1 < line.length) {
      const next = line[++at]!;
      word = (word ?? '') + (escapes[next] ?? (/["'\\ $%]/.test(next) ? next : `\\${next}`));
    } else if (quote !== '') {
      if (char === quote) quote = '';
      else word += char;
    } else if (char === '"' || char === "'") {
      quote = char;
      word ??= '';
    } else if (/\s/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else {
      word = (word ?? '') + char;
    }
  }
  if (quote !== '') return undefined;
  if (word !== undefined) words.push(word);
  return words;
}

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', s: ' ' };

/** A word as it must stand in `ExecStart=` to be taken literally. */
export function quoteWord(word: string): string {
  const literal = word.replace(/\\/g, '\\\\').replace(/%/g, '%%').replace(/\$/g, '$$$$').replace(/\n/g, '\\n');
  return /^[\w@%+=:,./$\\-]+$/.test(literal) ? literal : `"${literal.replace(/"/g, '\\"')}"`;
}
