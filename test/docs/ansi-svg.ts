/** Colours of a terminal on a dark ground, by the last digit of their SGR code. */
const colours = ['#8b949e', '#ff7b72', '#56d364', '#e3b341', '#79c0ff', '#d2a8ff', '#76e3ea', '#e6edf3'] as const;

const TEXT = '#e6edf3';
const GROUND = '#0d1117';

/** The width of a character, in px: DejaVu Sans Mono and most others have it at 14 px. */
const ADVANCE = 8.43;
const LINE = 18;
const MARGIN = 16;
const TITLE = 30;

interface Style {
  readonly colour: string;
  readonly bold: boolean;
}

export interface Span extends Style {
  readonly text: string;
  /** The column of the span's first character. */
  readonly column: number;
}

const plain: Style = { colour: TEXT, bold: false };

/** The spans of one line of a terminal. SGR codes become styles, other codes are left out; `style` is the style at its beginning. */
export function readSpans(line: string, style: Style = plain): { spans: Span[]; style: Style } {
  const spans: Span[] = [];
  let now = style;
  let column = 0;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape codes begin with one.
  for (const [, codes, text] of line.matchAll(/\u001b\[([\d;]*)m|((?:(?!\u001b\[).)+)/gsu)) {
    if (codes !== undefined) now = codes.split(';').reduce(applyCode, now);
    if (text === undefined) continue;
    const length = [...text].length;
    if (text.trim() !== '') spans.push({ ...now, text, column });
    column += length;
  }
  return { spans, style: now };
}

function applyCode(style: Style, code: string): Style {
  const number = Number(code);
  if (number === 0) return plain;
  if (number === 1) return { ...style, bold: true };
  if (number === 22) return { ...style, bold: false };
  if (number === 39) return { ...style, colour: TEXT };
  if (number >= 30 && number <= 37) return { ...style, colour: colours[number - 30]! };
  if (number >= 90 && number <= 97) return { ...style, colour: colours[number - 90]! };
  return style;
}

/** A terminal's screen with its colours (`tmux capture-pane -e`) as a picture; `title` is above it. */
export function terminalSvg(screen: string, title: string, columns = 80): string {
  const lines = screen.trimEnd().split('\n');
  const width = Math.ceil(columns * ADVANCE + 2 * MARGIN);
  const height = TITLE + lines.length * LINE + 2 * MARGIN;
  let style = plain;
  const rows = lines.flatMap((line, index) => {
    const read = readSpans(line, style);
    style = read.style;
    const y = TITLE + MARGIN + index * LINE + 13;
    return read.spans.map(span => textElement(span, y));
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `  <title>${escapeXml(title)}</title>`,
    '  <style>text { font: 14px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; white-space: pre }</style>',
    `  <rect width="${width}" height="${height}" rx="8" fill="${GROUND}" stroke="#6e7681"/>`,
    `  <text x="${width / 2}" y="20" text-anchor="middle" fill="#8b949e">${escapeXml(title)}</text>`,
    ...rows,
    '</svg>',
    '',
  ].join('\n');
}

/** Its length is given, so that columns stay under each other in every font. */
function textElement({ text, column, colour, bold }: Span, y: number): string {
  const indent = text.length - text.trimStart().length;
  const shown = text.trim();
  const x = (MARGIN + (column + indent) * ADVANCE).toFixed(1);
  const length = ([...shown].length * ADVANCE).toFixed(1);
  const weight = bold ? ' font-weight="bold"' : '';
  return `  <text x="${x}" y="${y}" textLength="${length}" xml:space="preserve" fill="${colour}"${weight}>${escapeXml(shown)}</text>`;
}

function escapeXml(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');
}
