import { test } from 'tap';
import { type FlagRow, givenFlags, parseDuration } from '../../../src/cli/grammar/flags.ts';
import { daemonFlags } from '../../../src/config/daemon-flags.ts';

const rows: readonly FlagRow[] = [
  { name: 'name', type: 'string', default: 'none', help: '' },
  { name: 'n', type: 'int', default: '0', value: 'LEVEL', help: '' },
  { name: 'yes', type: 'bool', default: 'false', help: '' },
];

/** A command line, and the values that it gives. */
const accepted: ReadonlyArray<readonly [argv: readonly string[], values: Record<string, string>]> = [
  [[], {}],
  [['-name', 'v'], { name: 'v' }],
  [['--name', 'v'], { name: 'v' }],
  [['-name=v'], { name: 'v' }],
  [['--name=v'], { name: 'v' }],
  [['-name='], { name: '' }],
  [['-name', ''], { name: '' }],
  [['-name=a=b'], { name: 'a=b' }],
  [['-name', '-n'], { name: '-n' }],
  [['-name', '--'], { name: '--' }],
  [['-name=a\nb'], { name: 'a\nb' }],
  [['-name', 'a', '-name', 'b'], { name: 'b' }],
  [['-n', '3'], { n: '3' }],
  [['-n=-3'], { n: '-3' }],
  [['-n', '-3'], { n: '-3' }],
  [['-yes'], { yes: 'true' }],
  [['--yes'], { yes: 'true' }],
  [['-yes', '-n', '1'], { yes: 'true', n: '1' }],
  ...['1', 't', 'T', 'TRUE', 'true', 'True'].map(text => [[`-yes=${text}`], { yes: 'true' }] as const),
  ...['0', 'f', 'F', 'FALSE', 'false', 'False'].map(text => [[`-yes=${text}`], { yes: 'false' }] as const),
  [['-yes', '-yes=false'], { yes: 'false' }],
  [['-n', '1', '--'], { n: '1' }],
];

for (const [argv, values] of accepted) {
  test(`${JSON.stringify(argv)} is ${JSON.stringify(values)}`, async t => {
    t.strictSame(Object.fromEntries(givenFlags(rows, argv)), values);
  });
}

const refused: ReadonlyArray<readonly [argv: readonly string[], message: RegExp]> = [
  [['-nope'], /^flag -nope: there is no such flag \(see criproxy -help\)$/],
  [['--nope=3'], /^flag -nope: there is no such flag/],
  [['-NAME', 'x'], /^flag -NAME: there is no such flag; did you mean -name\?$/],
  [['-name'], /^flag -name: needs a value/],
  [['-n'], /^flag -n: needs a value, LEVEL$/],
  [['-n', 'x'], /^flag -n: "x" is not a whole number; /],
  [['-n', ''], /^flag -n: "" is not a whole number; /],
  [['-n', '1.5'], /^flag -n: "1\.5" is not a whole number; /],
  [['-yes=maybe'], /^flag -yes: "maybe" is not a boolean; use true or false$/],
  [['-yes='], /^flag -yes: "" is not a boolean/],
  [['-yes', 'true'], /^unexpected argument "true"/],
  [['value'], /^unexpected argument "value"; flags begin with "-"/],
  [['-'], /^unexpected argument "-"/],
  [['---name'], /^unexpected argument "---name"/],
  [['-=x'], /^unexpected argument "-=x"/],
  [['--', 'x'], /^unexpected argument "--"/],
];

for (const [argv, message] of refused) {
  test(`${JSON.stringify(argv)} is refused`, async t => {
    t.throws(() => givenFlags(rows, argv), { message });
  });
}

const durations: ReadonlyArray<readonly [text: string, ms: number | undefined]> = [
  ['0', 0],
  ['500ms', 500],
  ['1s', 1_000],
  ['1.5s', 1_500],
  ['2m', 120_000],
  ['1h30m', 5_400_000],
  ['1m0.5s', 60_500],
  ['250us', 0.25],
  ['', undefined],
  ['1', undefined],
  ['s', undefined],
  ['1 s', undefined],
  ['1d', undefined],
  ['.5s', undefined],
  ['1s2', undefined],
];

test('durations', async t => {
  for (const [text, ms] of durations) t.equal(parseDuration(text), ms, `"${text}" is ${ms} ms`);
});

test('the flags of the Go criproxy, and those of glog, are all there', async t => {
  const names = daemonFlags.map(row => row.name);
  const documented = ['connect', 'listen', 'v', 'logtostderr', 'streamPort', 'streamUrl', 'apiserver'];
  const ofGlog = ['alsologtostderr', 'stderrthreshold', 'log_dir', 'log_backtrace_at', 'vmodule'];
  for (const name of [...documented, ...ofGlog, 'version', 'help', 'h']) t.ok(names.includes(name), `-${name}`);
  t.equal(new Set(names).size, names.length, 'each once');
  const defaults = new Map(daemonFlags.map(row => [row.name, row.default]));
  t.strictSame(
    ['connect', 'listen', 'v', 'streamPort', 'streamUrl'].map(name => defaults.get(name)),
    ['/var/run/dockershim.sock', '/run/criproxy.sock', '0', '11250', ''],
  );
});
