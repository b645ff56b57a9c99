import { test } from 'tap';
import { doctorText } from '../../../src/cli/commands/doctor-text.ts';
import { aside, ok, warn } from '../../../src/doctor/finding.ts';

const findings = [
  ok('a', 'a is well', 'it works'),
  aside('b', 'b is not seen yet', 'nothing to do'),
  warn('c', 'c is odd', 'look', 'mend c'),
];

test('findings that are neither faults nor news are shown only with --all', async t => {
  const brief = doctorText(findings, false, 80, (_, text) => text);
  t.equal(brief, 'ok    a is well\nwarn  c is odd\n      look\n        mend c\n\n1 ok, 1 warning, 0 failures\n');
  const whole = doctorText(findings, true, 80, (_, text) => text);
  t.match(whole, 'ok    b is not seen yet\n      nothing to do\n');
  t.match(whole, '2 ok, 1 warning, 0 failures');
});
