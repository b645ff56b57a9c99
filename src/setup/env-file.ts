/** One assignment of an environment file. `start` and `end` are where its raw value stands in the text, quotes included. */
export interface Assignment {
  readonly name: string;
  readonly value: string;
  readonly start: number;
  readonly end: number;
}

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

interface Value {
  readonly value: string;
  readonly start: number;
  readonly end: number;
  /** Where the next line begins. */
  readonly next: number;
}

const isLineEnd = (char: string) => char === '\n' || char === '\r';

/**
 * Reads one raw value from `at` on: up to the end of the line, over continued lines. Quotes count where a value begins, or
 * behind other quotes; further on they are characters like others.
 */
function readValue(text: string, at: number): Value {
  let value = '';
  let kept = 0; // without white space at the end
  let quote = '';
  let isBare = false;
  let start = -1;
  let end = at;
  let here = at;
  for (; here < text.length && (quote !== '' || !isLineEnd(text[here]!)); here++) {
    const char = text[here]!;
    const next = text[here + 1];
    if (quote === '' && !isBare && /[ \t]/.test(char)) continue;
    if (start === -1) start = here;
    if (quote === '' && !isBare && (char === '"' || char === "'")) quote = char;
    else if (char === quote) quote = '';
    else if (char === '\\' && quote !== "'" && next !== undefined) {
      here++;
      if (quote === '') isBare = true;
      if (!isLineEnd(next)) value += quote === '"' && !/["\\`$]/.test(next) ? `\\${next}` : next;
      kept = value.length;
    } else {
      if (quote === '') isBare = true;
      value += char;
    }
    if (quote === '' && isBare && /\s/.test(text[here]!)) continue;
    kept = value.length;
    end = here + 1;
  }
  return { value: value.slice(0, kept), start: start === -1 ? here : start, end: Math.max(end, start), next: here + 1 };
}

/**
 * Reads the syntax of `EnvironmentFile=` as systemd does (systemd.exec(5); parse_env_file_internal in src/basic/env-file.c):
 * lines that are no assignments are left out, such as `export A=b`.
 */
export function parseEnvFile(text: string): Assignment[] {
  const found: Assignment[] = [];
  const line = /[^\n\r]*/y;
  for (let at = 0; at < text.length; ) {
    line.lastIndex = at;
    const rest = line.exec(text)![0];
    const equals = rest.indexOf('=');
    if (equals === -1 || /^\s*[#;]/.test(rest)) {
      at += rest.length + 1;
      continue;
    }
    const { next, ...value } = readValue(text, at + equals + 1);
    const name = rest.slice(0, equals).trim();
    if (NAME.test(name)) found.push({ name, ...value });
    at = next;
  }
  return found;
}
