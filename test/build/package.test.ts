import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'tap';

const script = join(import.meta.dirname, '../../build/package.ts');
const usage = 'npm run package [-- --release] [--arch amd64|arm64]\n';

for (const [flags, fault] of [
  [['--arch', 'mips'], '--arch mips: one of amd64, arm64\n'],
  [['--relaese'], /^Unknown option '--relaese'/],
] as const) {
  test(`npm run package -- ${flags.join(' ')}`, async t => {
    const { status, stderr } = spawnSync(process.execPath, [script, ...flags], { encoding: 'utf8' });
    t.equal(status, 2);
    t.match(stderr, fault);
    t.ok(stderr.endsWith(usage), stderr);
  });
}
