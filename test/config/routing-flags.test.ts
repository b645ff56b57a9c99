import { test } from 'tap';
import { UsageError } from '../../src/cli/grammar/usage-error.ts';
import { readChoice, readHandlers, readPins } from '../../src/config/routing-flags.ts';
import { flagSetting } from '../../src/config/setting.ts';

const ids = ['', 'virtlet.cloud', 'kata'];

test('-handlers', async t => {
  t.strictSame(readHandlers(flagSetting('handlers', ''), ids), []);
  t.strictSame(
    readHandlers(flagSetting('handlers', 'vm=virtlet.cloud, gvisor=virtlet.cloud:runsc,fast=:crun,kata=kata:'), ids),
    [
      { name: 'vm', runtime: 'virtlet.cloud', handler: '' },
      { name: 'gvisor', runtime: 'virtlet.cloud', handler: 'runsc' },
      { name: 'fast', runtime: '', handler: 'crun' },
      { name: 'kata', runtime: 'kata', handler: '' },
    ],
  );
});

test('-pin', async t => {
  t.strictSame(readPins(flagSetting('pin', ''), ids), []);
  t.strictSame(readPins(flagSetting('pin', 'registry.k8s.io/pause*, =a:1,kata=b?'), ids), [
    { runtime: undefined, glob: 'registry.k8s.io/pause*' },
    { runtime: '', glob: 'a:1' },
    { runtime: 'kata', glob: 'b?' },
  ]);
});

test('a flag of a few words', async t => {
  t.equal(readChoice(flagSetting('ids', 'raw'), ['prefixed', 'raw']), 'raw');
});

/** What the one line of the error must have: flag, value, remedy. */
const wrong: ReadonlyArray<readonly [read: () => unknown, parts: readonly string[]]> = [
  [
    () => readHandlers(flagSetting('handlers', 'vm'), ids),
    ['-handlers', '"vm"', 'write it as NAME=ID or NAME=ID:HANDLER'],
  ],
  [() => readHandlers(flagSetting('handlers', '=kata'), ids), ['-handlers', '"=kata"', 'no name']],
  [() => readHandlers(flagSetting('handlers', 'a=kata,a=:x'), ids), ['-handlers', '"a=:x"', 'map each name once']],
  [
    () => readHandlers(flagSetting('handlers', 'a=what:x'), ids),
    ['-handlers', '"a=what:x"', '"what"', 'use one of "virtlet.cloud", "kata"'],
  ],
  [
    () => readHandlers(flagSetting('handlers', 'a=what'), ['']),
    ['-handlers', '"a=what"', 'use nothing for the primary'],
  ],
  [() => readPins(flagSetting('pin', 'kata='), ids), ['-pin', '"kata="', 'has no pattern', 'registry.k8s.io/pause*']],
  [() => readPins(flagSetting('pin', 'a*,'), ids), ['-pin', '""', 'has no pattern']],
  [() => readPins(flagSetting('pin', 'x=a*'), ids), ['-pin', '"x=a*"', '"x"', 'use one of "virtlet.cloud", "kata"']],
  [() => readChoice(flagSetting('ids', 'Raw'), ['prefixed', 'raw']), ['-ids', '"Raw"', 'not one of prefixed, raw']],
];

for (const [read, parts] of wrong) {
  test(`a usage error with ${parts.join(', ')}`, async t => {
    const fault = faultOf(read);
    t.ok(fault instanceof UsageError);
    for (const part of parts) t.ok(fault.message.includes(part), `${part} in: ${fault.message}`);
    t.notOk(fault.message.includes('\n'), 'one line');
  });
}

function faultOf(read: () => unknown): Error {
  try {
    read();
  } catch (fault) {
    return fault as Error;
  }
  throw new Error('nothing was thrown');
}
