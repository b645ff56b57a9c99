import { spawnSync } from 'node:child_process';
import { test } from 'tap';
import { renderMan } from '../../build/man.ts';
import { commands } from '../../src/cli/commands/commands.ts';
import { daemonFlags } from '../../src/config/daemon-flags.ts';
import { needs } from '../support/require.ts';

const page = renderMan();

test('sections come in the order of man-pages(7)', async t => {
  t.strictSame(
    [...page.matchAll(/^\.SH (.+)$/gm)].map(match => match[1]),
    [
      'NAME',
      'SYNOPSIS',
      'DESCRIPTION',
      'OPTIONS',
      'COMMANDS',
      'EXIT STATUS',
      'SIGNALS',
      'FILES',
      'EXAMPLES',
      'SEE ALSO',
    ],
  );
});

for (const { name, ignored, value } of daemonFlags.filter(row => row.name !== 'h')) {
  test(`the flag -${name} ${ignored === true ? 'is named' : 'has an item of its own'}`, async t => {
    const tag = value === undefined ? `.B \\-${name}\n` : `.BI "\\-${name} " `;
    t.equal(page.includes(`.TP\n${tag}`), ignored !== true);
    t.ok(page.includes(`\\-${name}`));
  });
}

for (const { name, options, exits = {} } of commands) {
  test(`criproxy ${name} is there, with its options`, async t => {
    const [, part] = page.split(new RegExp(`^\\.SS criproxy ${name}\\b.*$`, 'm'));
    const own = part?.split(/^\.S[SH] /m)[0] ?? '';
    t.not(own, '');
    for (const option of options) t.ok(own.includes(`\\-\\-${option.name}`), `--${option.name}`);
    for (const status of Object.keys(exits)) t.ok(own.includes(`Exit status ${status}: `), status);
    t.match(page, new RegExp(`^\\.B criproxy ${name}$`, 'm'), 'and in the synopsis');
  });
}

test('no line of text is taken for a request', async t => {
  const requests = [...new Set([...page.matchAll(/^[.']\s*(\S+)/gm)].map(match => match[1]!))];
  const known = ['TH', 'SH', 'SS', 'TP', 'PP', 'B', 'BI', 'BR', 'I', 'RI', 'RS', 'RE', 'br', 'nf', 'fi', 'nh', 'ad'];
  t.strictSame(
    requests.filter(request => !known.includes(request)),
    [],
  );
});

test('groff has nothing to say of it, and shows it in 80 columns', needs('packages'), async t => {
  const { stdout, stderr } = spawnSync('groff', ['-man', '-ww', '-Tutf8', '-P-cbou', '-rLL=80n'], {
    encoding: 'utf8',
    input: page,
  });
  t.equal(stderr, '');
  const lines = stdout.split('\n');
  // A word longer than the line is not broken.
  t.strictSame(
    lines.filter(line => line.length > 80 && !/^ *\S{60,}$/.test(line) && !line.includes(' -connect ')),
    [],
  );
  t.ok(lines.length > 200, `${lines.length} lines`);
  t.ok(
    stdout.includes('-logFormat glog|json|journal') && stdout.includes('--admin-socket SOCKET'),
    'with plain dashes, to be copied',
  );
});
