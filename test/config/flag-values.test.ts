import { test } from 'tap';
import { UsageError } from '../../src/cli/grammar/usage-error.ts';
import { configOfFlags } from '../support/config-of-flags.ts';

const connect = ['-connect', '/run/a.sock,virtlet.cloud:/run/b.sock,kata:/run/c.sock'];

test('-handlers', async t => {
  const handlersOf = (...flags: string[]) =>
    configOfFlags(...connect, ...flags).runtimes.map(({ id, handlers }) => [id, handlers]);
  t.strictSame(handlersOf('-handlers', ''), [
    ['', {}],
    ['virtlet.cloud', {}],
    ['kata', {}],
  ]);
  t.strictSame(handlersOf('-handlers', 'vm=virtlet.cloud, gvisor=virtlet.cloud:runsc,fast=:crun,kata=kata:'), [
    ['', { fast: 'crun' }],
    ['virtlet.cloud', { vm: '', gvisor: 'runsc' }],
    ['kata', { kata: '' }],
  ]);
});

test('-pin', async t => {
  const pinsOf = (...flags: string[]) => {
    const { pins, runtimes } = configOfFlags(...connect, ...flags);
    return [pins, ...runtimes.map(runtime => runtime.pins)];
  };
  t.strictSame(pinsOf('-pin', ''), [[], [], [], []]);
  t.strictSame(pinsOf('-pin', 'registry.k8s.io/pause*, =a:1,kata=b?,kata=c'), [
    ['registry.k8s.io/pause*'],
    ['a:1'],
    [],
    ['b?', 'c'],
  ]);
});

/** The parts that the one line of the error must have: flag, value, remedy. */
const wrong: ReadonlyArray<readonly [flags: readonly string[], parts: readonly string[]]> = [
  [
    ['-handlers', 'vm'],
    ['-handlers', '"vm"', 'write it as NAME=ID or NAME=ID:HANDLER'],
  ],
  [
    ['-handlers', '=kata'],
    ['-handlers', '"=kata"', 'no name'],
  ],
  [
    ['-handlers', 'a=kata,a=:x'],
    ['-handlers', '"a=:x"', 'map each name once'],
  ],
  [
    ['-handlers', 'a=kata,a=kata:x'],
    ['-handlers', '"a=kata:x"', 'map each name once'],
  ],
  [
    ['-handlers', 'a=kata,b=what:x'],
    ['-handlers', '"b=what:x"', '"what"', 'use one of "virtlet.cloud", "kata"'],
  ],
  [
    ['-connect', '/a', '-handlers', 'a=what'],
    ['-handlers', '"a=what"', 'use nothing for the primary'],
  ],
  [
    ['-pin', 'kata='],
    ['-pin', '"kata="', 'has no pattern', 'registry.k8s.io/pause*'],
  ],
  [
    ['-pin', 'a*,'],
    ['-pin', '""', 'has no pattern'],
  ],
  [
    ['-pin', 'kata=a,x=a*'],
    ['-pin', '"x=a*"', '"x"', 'use one of "virtlet.cloud", "kata"'],
  ],
  [
    ['-ids', 'Raw'],
    ['-ids', '"Raw"', 'not one of prefixed, raw'],
  ],
  [
    ['-otlp', 'ftp://user:secret@host'],
    ['-otlp', '"ftp://<redacted>@host"', 'is not the URL of a collector'],
  ],
  [
    ['-otlp', 'http://user:50%@host'],
    ['-otlp', '"http://<redacted>@host"', 'write it as %25'],
  ],
  [
    ['-listTimeout', '-1s'],
    ['-listTimeout', '"-1s"', 'is not a duration; write it as 500ms'],
  ],
];

for (const [flags, parts] of wrong) {
  test(`${flags.join(' ')} is a usage error with ${parts.join(', ')}`, async t => {
    const fault = faultOf(() => configOfFlags(...connect, ...flags));
    t.ok(fault instanceof UsageError);
    for (const part of parts) t.ok(fault.message.includes(part), `${part} in: ${fault.message}`);
    t.notOk(fault.message.includes('\n'), 'one line');
  });
}

test('each wrong value has a line', async t => {
  const { message } = faultOf(() => configOfFlags('-ids', 'both', '-streamPort', '0'));
  t.equal(
    message,
    'flag -ids: "both" is not one of prefixed, raw\nflag -streamPort: "0" is not a port; use 1 to 65535',
  );
});

function faultOf(read: () => unknown): Error {
  try {
    read();
  } catch (fault) {
    return fault as Error;
  }
  throw new Error('nothing was thrown');
}
