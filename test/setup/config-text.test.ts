import { test } from 'tap';
import { makeConfigEdit, planConfigEdit, readConfigText, undoConfigEdit } from '../../src/setup/config-text.ts';

const key = 'containerRuntimeEndpoint';
const other = 'imageServiceEndpoint';
const ours = 'unix:///run/criproxy.sock';
const kind = 'kind: KubeletConfiguration';

/** Texts of a KubeletConfiguration, before and after. */
const rows: readonly (readonly [name: string, before: string, after: string])[] = [
  ['a plain value', `${kind}\n${key}: /old # note\nx:\n- 1\n`, `${kind}\n${key}: ${ours} # note\nx:\n- 1\n`],
  ['a value in double quotes', `${kind}\n${key}: ""\n`, `${kind}\n${key}: "${ours}"\n`],
  ['a value in single quotes', `${key}: '/old'\n${kind}\n`, `${key}: "${ours}"\n${kind}\n`],
  ['a quoted key', `${kind}\n"${key}": /old\n`, `${kind}\n"${key}": ${ours}\n`],
  ['a key without a value', `${kind}\n${key}:\nx: 1\n`, `${kind}\n${key}: ${ours}\nx: 1\n`],
  ['a key without a value, and a comment', `${kind}\n${key}: # none\n`, `${kind}\n${key}: ${ours} # none\n`],
  ['a folded block', `${kind}\n${key}: >-\n  unix:///run\n  /x\nx: 1\n`, `${kind}\n${key}: ${ours}\nx: 1\n`],
  ['a literal block at the end, without a newline', `${kind}\n${key}: |-\n  /old`, `${kind}\n${key}: ${ours}`],
  ['the last of two equal keys', `${key}: /a\n${kind}\n${key}: /b\n`, `${key}: /a\n${kind}\n${key}: ${ours}\n`],
  ['an alias', `x: &s /old\n${key}: *s\n${kind}\n`, `x: &s /old\n${key}: ${ours}\n${kind}\n`],
  [
    'an anchor that the image endpoint shares',
    `${kind}\n${key}: &s /old\n${other}: *s\n`,
    `${kind}\n${key}: &s ${ours}\n${other}: *s\n`,
  ],
  ['a tag', `${kind}\n${key}: !!str /old\n`, `${kind}\n${key}: !!str ${ours}\n`],
  ['CRLF', `${kind}\r\n${key}: /old\r\nx: 1\r\n`, `${kind}\r\n${key}: ${ours}\r\nx: 1\r\n`],
  ['the document’s end', `${kind}\n${key}: /old\n...\n`, `${kind}\n${key}: ${ours}\n...\n`],
  [
    'the first document of two',
    `${kind}\n${key}: /old\n---\n${key}: [\n`,
    `${kind}\n${key}: ${ours}\n---\n${key}: [\n`,
  ],
  ['JSON', `{"kind":"KubeletConfiguration","${key}":"/old"}`, `{"kind":"KubeletConfiguration","${key}":"${ours}"}`],
  ['braces', `{kind: KubeletConfiguration, ${key}: /old}\n`, `{kind: KubeletConfiguration, ${key}: "${ours}"}\n`],
  ['a byte order mark', `\uFEFF${kind}\n${key}: /old\n`, `\uFEFF${kind}\n${key}: ${ours}\n`],
  ['new', `# head\napiVersion: v\n${kind} # k\nx: 1\n`, `# head\napiVersion: v\n${kind} # k\n${key}: ${ours}\nx: 1\n`],
  ['new, no final newline', `apiVersion: v\n${kind}`, `apiVersion: v\n${kind}\n${key}: ${ours}`],
  ['new, CRLF', `${kind}\r\nx: 1\r\n`, `${kind}\r\n${key}: ${ours}\r\nx: 1\r\n`],
  ['new, before the document’s end', `---\n${kind}\n...\n`, `---\n${kind}\n${key}: ${ours}\n...\n`],
  ['new, in the first document', `${kind}\n---\n${kind}\n`, `${kind}\n${key}: ${ours}\n---\n${kind}\n`],
  [
    'new, before a block that keeps its newlines',
    `${kind}\nx: |+\n  a\n\n\n`,
    `${kind}\n${key}: ${ours}\nx: |+\n  a\n\n\n`,
  ],
  [
    'new, though a merge key has it',
    `x: &b {${key}: /o}\n<<: *b\n${kind}\n`,
    `x: &b {${key}: /o}\n<<: *b\n${kind}\n${key}: ${ours}\n`,
  ],
  ['new, indented', `  ${kind}\n  x: 1\n`, `  ${kind}\n  ${key}: ${ours}\n  x: 1\n`],
  ['new, a byte order mark', `\uFEFF${kind}\n`, `\uFEFF${kind}\n${key}: ${ours}\n`],
  ['new, JSON on one line', '{"kind":"KubeletConfiguration"}', `{"${key}": "${ours}", "kind":"KubeletConfiguration"}`],
  [
    'new, JSON over lines, with tabs',
    '{\n\t"kind": "KubeletConfiguration",\n\t"x": 1\n}\n',
    `{\n\t"${key}": "${ours}",\n\t"kind": "KubeletConfiguration",\n\t"x": 1\n}\n`,
  ],
];

for (const [name, before, after] of rows) {
  test(`${name}: read, set, and put back byte by byte`, async t => {
    const edit = planConfigEdit(before, key, ours, [other]);
    if (typeof edit === 'string') throw new Error(edit);
    t.equal(makeConfigEdit(edit, before, key), after);
    t.equal((readConfigText(after) as Record<string, unknown>)[key], ours);
    t.equal(undoConfigEdit(edit, after, key), before);
    const recorded = JSON.parse(JSON.stringify(edit)) as typeof edit;
    t.equal(undoConfigEdit(recorded, `${after}`.replace('x: 1', 'x: 2'), key), before.replace('x: 1', 'x: 2'));
    t.equal(
      undoConfigEdit(edit, after.replace('criproxy.sock', 'mine.sock'), key),
      undefined,
      'not somebody else’s value',
    );
  });
}

const impossible: readonly (readonly [name: string, text: string, why: RegExp])[] = [
  [
    'an anchor that another key shares',
    `${kind}\n${key}: &s /old\nstaticPodPath: *s\n`,
    /shares its value with other keys/,
  ],
  ['a list', `${kind}\n${key}: [/old]\n`, /holds no text/],
  ['nothing at all', '# only a comment\n', /holds no keys/],
  ['a complex key', '? kind\n: KubeletConfiguration\n', /no place for a new key/],
];

for (const [name, text, why] of impossible) {
  test(`no edit, and why: ${name}`, async t => {
    const edit = planConfigEdit(text, key, ours, [other]);
    t.match(edit, why);
  });
}

test('an edit of a text that is something else by now', async t => {
  const edit = planConfigEdit(`${kind}\n`, key, ours, []) as { new: string; added: string };
  t.equal(makeConfigEdit(edit, `${kind}\n${key}: /theirs\n`, key), undefined);
  t.equal(makeConfigEdit(edit, '{', key), undefined, 'broken since');
  t.equal(undoConfigEdit(edit, '{', key), undefined);
  t.equal(
    undoConfigEdit({ new: ours }, `${kind}\n${key}: ${ours}\n`, key),
    `${kind}\n`,
    'as earlier releases recorded it',
  );
});
