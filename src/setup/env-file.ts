/** One assignment of an environment file. `start` and `end` are where its raw value stands in the text, quotes included. */
export interface Assignment {
  readonly name: string;
  readonly value: string;
  readonly start: number;
  readonly end: number;
}

const NAME = /[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)=[ \t]*/y;

interface Value {
  readonly value: string;
  readonly end: number;
}

/** Reads one raw value from `at` on: up to the end of the line, over quotes and continued lines. */
function readValue(text: string, at: number): Value {
  let value = '';
  let kept = 0;
  let quote = '';
  while (at < text.length && (quote !== '' || text[at] !== '\n')) {
    const char = text[at]!;
    if (char === '\\' && quote !== "'" && at + 1 < text.length) {
      const next = text[at + 1]!;
      if (next !== '\n') value += quote === '"' && !/["\\`$]/.test(next) ? `\\${next}` : next;
      at += 2;
    } else {
      if (quote === '' && (char === '"' || char === "'")) quote = char;
      else if (char === quote) quote = '';
      else value += char;
      at++;
    }
    if (quote !== '' || !/\s/.test(text[at - 1]!)) kept = value.length;
  }
  return { value: value.slice(0, kept), end: at };
}

/** Reads the syntax of `EnvironmentFile=` (systemd.exec(5)); lines that are no assignments are skipped, as systemd does. */
export function parseEnvFile(text: string): Assignment[] {
  const found: Assignment[] = [];
  let at = 0;
  while (at < text.length) {
    NAME.lastIndex = at;
    const name = NAME.exec(text);
    if (name === null || text.startsWith('#', at) || text.startsWith(';', at)) {
      const end = text.indexOf('\n', at);
      at = end === -1 ? text.length : end + 1;
      continue;
    }
    const start = at + name[0].length;
    const { value, end } = readValue(text, start);
    found.push({ name: name[1]!, value, start, end: start + text.slice(start, end).trimEnd().length });
    at = end + 1;
  }
  return found;
}
