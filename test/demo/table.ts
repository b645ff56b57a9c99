import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

export interface Column {
  readonly title: string;
  readonly width: number;
  /** The look of a cell, given its text. */
  readonly style?: (text: string) => Style;
}

/** Colours for a terminal, and none elsewhere or under NO_COLOR. */
export function paint(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stdout, validateStream: true });
}

/** The lines of a table, two spaces between columns; a cell that is too long is cut. */
export function formatTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string[] {
  const fit = (text: string, width: number) =>
    (text.length > width ? `${text.slice(0, width - 1)}…` : text).padEnd(width);
  const heading = columns.map(({ title, width }) => paint('bold', fit(title, width)));
  const lines = rows.map(row =>
    columns.map(({ width, style }, index) => {
      const text = row[index] ?? '';
      return style ? paint(style(text), fit(text, width)) : fit(text, width);
    }),
  );
  return [heading, ...lines].map(cells => cells.join('  ').trimEnd());
}
