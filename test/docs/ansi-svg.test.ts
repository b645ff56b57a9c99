import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'tap';
import { readSpans, terminalSvg } from './ansi-svg.ts';

const lines = [
  { line: 'plain', spans: [['plain', 0, '#e6edf3', false]] },
  {
    line: '\u001b[32mup\u001b[39m 3s',
    spans: [
      ['up', 0, '#56d364', false],
      [' 3s', 2, '#e6edf3', false],
    ],
  },
  { line: '\u001b[31;1mdown\u001b[0m', spans: [['down', 0, '#ff7b72', true]] },
  { line: '   \u001b[90mquiet', spans: [['quiet', 3, '#8b949e', false]] },
  {
    line: 'a\u001b[1m…\u001b[22mb',
    spans: [
      ['a', 0, '#e6edf3', false],
      ['…', 1, '#e6edf3', true],
      ['b', 2, '#e6edf3', false],
    ],
  },
] as const;

for (const { line, spans } of lines) {
  test(`spans of ${JSON.stringify(line)}`, async t => {
    const read = readSpans(line).spans.map(({ text, column, colour, bold }) => [text, column, colour, bold]);
    t.strictSame(read, spans);
  });
}

test('a colour lasts beyond the end of its line', async t => {
  const { style } = readSpans('\u001b[33mone');
  t.equal(readSpans('two', style).spans[0]!.colour, '#e3b341');
});

test('special characters of XML are escaped', async t => {
  t.match(terminalSvg('a <b> & "c"', 'x < y'), />a &lt;b&gt; &amp; &quot;c&quot;</);
  t.match(terminalSvg('', 'x < y'), /<title>x &lt; y<\/title>/);
});

test('the pictures of the pages hold nothing from elsewhere', async t => {
  const folder = new URL('../../docs/pictures/', import.meta.url);
  const pictures = readdirSync(folder).filter(name => name.endsWith('.svg'));
  t.ok(pictures.length > 0);
  for (const name of pictures) {
    const text = readFileSync(new URL(name, folder), 'utf8').replace('http://www.w3.org/2000/svg', '');
    t.notMatch(text, /https?:|url\((?!#)|<script|@import|data:/, name);
  }
});
