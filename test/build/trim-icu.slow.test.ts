import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'tap';
import { ownArchitecture } from '../../build/architecture.ts';
import { nodeProgram } from '../../build/node-packages.ts';
import { trimIcu } from '../../build/trim-icu.ts';
import { needs } from '../support/require.ts';

const options = needs('packages');
const node = nodeProgram(ownArchitecture());

test('Node.js without the data of other languages', options, async t => {
  const folder = mkdtempSync(join(tmpdir(), 'criproxy-icu-test-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const trimmed = join(folder, 'node');
  copyFileSync(node, trimmed);
  const cleared = trimIcu(trimmed);
  t.ok(cleared > 20e6, `${cleared} bytes were cleared`);
  t.equal(statSync(trimmed).size, statSync(node).size);
  const ask = (program: string, script: string, env: Record<string, string> = {}) =>
    execFileSync(program, ['-p', script], { encoding: 'utf8', env: { TZ: 'UTC', ...env } }).trim();

  const same: readonly [script: string, env?: Record<string, string>][] = [
    ['String(new Date(0))', { TZ: 'Asia/Kolkata' }],
    ['String(new Date(2026, 6, 1))', { TZ: 'America/St_Johns' }],
    ['new Date(0).toLocaleString("en")'],
    ['(1234.5).toLocaleString("en")'],
    ['"é".normalize("NFD").length + "ﬁ".normalize("NFKC")'],
    ['["b", "ä", "a", "Z"].sort(new Intl.Collator("en").compare).join()'],
    ['/^\\p{Lu}\\p{Script=Greek}$/u.test("ΩΩ") + "ß".toUpperCase()'],
    ['new URL("http://bücher.example/ü").href'],
    ['new TextDecoder("utf-16le").decode(Buffer.from("4100", "hex"))'],
  ];
  for (const [script, env] of same) t.equal(ask(trimmed, script, env), ask(node, script, env), script);

  for (const LANG of ['de_DE.UTF-8', 'C'])
    t.equal(ask(trimmed, '(1234.5).toLocaleString()', { LANG }), '1,234.5', `English with LANG=${LANG}`);
  t.equal(ask(node, '(1234.5).toLocaleString("de")'), '1.234,5');
  t.not(ask(trimmed, '(1234.5).toLocaleString("de")'), '1.234,5', 'no German is there');
});
