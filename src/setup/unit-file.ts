/** One `Key=value` of a unit file. `start` and `end` are where its raw value stands in the text, continuations included. */
export interface UnitEntry {
  readonly section: string;
  readonly key: string;
  readonly value: string;
  readonly start: number;
  readonly end: number;
}

/** Reads the syntax of systemd.syntax(7): sections, comments, and lines continued with a backslash. */
export function parseUnitFile(text: string): UnitEntry[] {
  const entries: UnitEntry[] = [];
  let section = '';
  let open: { key: string; value: string; start: number } | undefined;
  let at = 0;
  for (const whole of text.split('\n')) {
    const start = at;
    at += whole.length + 1;
    const line = whole.replace(/\r$/, '');
    const isComment = /^\s*[#;]/.test(line);
    if (isComment) continue; // also between continued lines
    const continued = line.endsWith('\\');
    const body = continued ? `${line.slice(0, -1)} ` : line;
    if (open === undefined) {
      const header = /^\s*\[([^\]]+)\]\s*$/.exec(line);
      if (header !== null) section = header[1]!;
      const assignment = /^\s*([^=\s]+)\s*=[ \t]*/.exec(body);
      if (header !== null || assignment === null) continue;
      const skip = assignment[0].length;
      open = { key: assignment[1]!, value: body.slice(skip), start: start + skip };
    } else {
      open.value += body;
    }
    if (continued) continue;
    entries.push({ section, key: open.key, value: open.value.trim(), start: open.start, end: start + line.length });
    open = undefined;
  }
  return entries;
}
