/**
 * Characters that act on a terminal or hide text: controls (C0, DEL, C1), format characters (bidirectional marks, characters of
 * no width) and the separators of lines and paragraphs.
 */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;
const UNPRINTABLE_IN_LINES = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** The text on one line that does nothing to a terminal, with the escapes of JSON. JSON stays the same JSON. */
export function escapeControls(text: string): string {
  return text.replace(UNPRINTABLE, escapeOne);
}

/** As `escapeControls`, for a text of several lines. */
export function escapeControlsInLines(text: string): string {
  return text.replace(UNPRINTABLE_IN_LINES, escapeOne);
}

function escapeOne(character: string): string {
  const known = JSON.stringify(character).slice(1, -1);
  if (known !== character) return known;
  const units = Array.from({ length: character.length }, (_, at) => character.charCodeAt(at));
  return units.map(unit => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
}
