import { test } from 'tap';
import { escapeControls, escapeControlsInLines } from '../../src/base/escape-controls.ts';

const rows: ReadonlyArray<readonly [what: string, text: string, escaped: string]> = [
  ['ESC', '\x1b[2J', '\\u001b[2J'],
  ['a line break', 'a\nb', 'a\\nb'],
  ['DEL', '\x7f', '\\u007f'],
  ['CSI, a control of one character', '\u009b2J', '\\u009b2J'],
  ['a right-to-left override', 'a\u202egnp.exe', 'a\\u202egnp.exe'],
  ['an isolate', '\u2066a\u2069', '\\u2066a\\u2069'],
  ['a space of no width', 'a\u200bb', 'a\\u200bb'],
  ['a line separator', 'a\u2028b', 'a\\u2028b'],
  ['a tag beyond the first plane', '\u{e0041}', '\\udb40\\udc41'],
  ['letters of any script', 'häuser 家 дом', 'häuser 家 дом'],
];

for (const [what, text, escaped] of rows) {
  test(`${what} is ${escaped}`, async t => {
    t.equal(escapeControls(text), escaped);
    t.equal(JSON.parse(escapeControls(JSON.stringify(text))), text, 'JSON stays the same JSON');
  });
}

test('lines stay lines where there may be several', async t => {
  t.equal(escapeControlsInLines('a: \u009b\nb: \r\n'), 'a: \\u009b\nb: \\r\n');
});
