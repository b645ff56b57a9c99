/** How backslashes and quotes are taken: `unit` in a unit file, `value` in the value of a variable that `$NAME` stands for. */
export type WordSyntax = 'unit' | 'value';

const letters: Readonly<Record<string, string>> = {
  ...{ a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v', s: ' ' },
  ...{ '\\': '\\', '"': '"', "'": "'" },
};

const NUMBER = /x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})/y;

/** The C escape at `at`, behind its backslash: its meaning, and its length. An unknown escape stands for itself. */
function readEscape(line: string, at: number): readonly [text: string, length: number] {
  const letter = letters[line[at]!];
  if (letter !== undefined) return [letter, 1];
  NUMBER.lastIndex = at;
  const match = NUMBER.exec(line);
  if (match === null) return [`\\${line[at]}`, 1];
  const code = match[4] === undefined ? Number.parseInt(match[0].slice(1), 16) : Number.parseInt(match[4], 8);
  return [String.fromCodePoint(code), match[0].length];
}

/**
 * Splits a line into words as systemd does (systemd.syntax(7), Quoting): at white space, with double or single quotes around
 * a part. In a unit C escapes count, also in quotes, and a quote that is not closed is a fault: undefined. In a variable's
 * value a backslash only keeps the character after it, and such a quote ends with the line.
 */
export function splitWords(line: string, syntax: WordSyntax): string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (let at = 0; at < line.length; at++) {
    const char = line[at]!;
    if (char === '\\' && at + 1 < line.length) {
      const [text, length] = syntax === 'unit' ? readEscape(line, at + 1) : [line[at + 1]!, 1];
      word = (word ?? '') + text;
      at += length;
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
  if (quote !== '' && syntax === 'unit') return undefined;
  if (word !== undefined) words.push(word);
  return words;
}

/** A word as it must stand in `ExecStart=` to be taken literally. */
export function quoteWord(word: string): string {
  const literal = word.replace(/\\/g, '\\\\').replace(/%/g, '%%').replace(/\$/g, '$$$$').replace(/\n/g, '\\n');
  return /^[\w@%+=:,./$\\-]+$/.test(literal) ? literal : `"${literal.replace(/"/g, '\\"')}"`;
}
