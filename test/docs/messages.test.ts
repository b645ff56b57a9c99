import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'tap';
import { codeIn, readPage, root, tablesOf } from './markdown.ts';

/** The sign, in a page, for the variable part of a message: a name, a path, another message. */
const GAP = '…';

function filesIn(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name));
}

/**
 * A source as the text of its messages: every expression in a template is a gap, and its content follows behind; strings that
 * are added are one.
 */
function messagesOf(source: string): string {
  let text = source;
  const inner: string[] = [];
  for (;;) {
    const before = text;
    text = text.replace(/\$\{([^{}]*)\}/g, (_, expression: string) => {
      inner.push(expression);
      return GAP;
    });
    if (text === before) break;
  }
  const joined = [text, ...inner].join('\n').replace(/['"`]\s*\+\s*['"`]/g, '');
  return withGaps(joined.replace(/\\(['"`])/g, '$1'));
}

/** Two gaps are one, and so is white space. */
function withGaps(text: string): string {
  return text.replace(/…+/g, GAP).replace(/\s+/g, ' ');
}

const sources = [...filesIn('src'), ...filesIn('debian')]
  .map(file => messagesOf(readFileSync(file, 'utf8')))
  .join('\n');

const page = readPage('docs/troubleshooting.md');
const quoted = tablesOf(page.prose)
  .filter(({ header }) => header[0] === 'Message')
  .flatMap(({ rows }) => rows.flatMap(([messages = '']) => codeIn(messages)));

test('the page quotes messages', async t => {
  t.ok(quoted.length > 40);
  t.strictSame(
    quoted.filter((message, index) => quoted.indexOf(message) !== index),
    [],
    'each once',
  );
});

for (const message of quoted) {
  test(message, async t => {
    t.ok(sources.includes(withGaps(message)), 'the program says so');
    t.ok(message.replaceAll(GAP, '').trim().length >= 10, 'and it can be told from others');
  });
}

const rows = [
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the text of a source.
  { source: "fail(`it is ${a ? `no ${b}` : 'gone'} now`)", says: ['it is … now', 'no …', 'gone'], never: 'it is gone' },
  { source: "'one ' +\n  'two'", says: ['one two'], never: 'three' },
  { source: "'the kubelet\\'s'", says: ["the kubelet's"], never: 'kubelets' },
];

for (const { source, says, never } of rows) {
  test(`messages of ${JSON.stringify(source)}`, async t => {
    for (const message of says) t.ok(messagesOf(source).includes(message), message);
    t.notOk(messagesOf(source).includes(never));
  });
}
