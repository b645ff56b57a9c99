import { test } from 'tap';
import { statusText } from '../../../src/app/status/status-text.ts';
import type { RuntimeState } from '../../../src/routing/port/runtime.ts';

const up: RuntimeState = { kind: 'up', since: 0, packages: ['runtime.v1'] };
const down: RuntimeState = { kind: 'down', since: 0, reason: 'gone', seen: true };

const unseen: RuntimeState = { ...down, seen: false, absent: true };

const rows = [
  { runtimes: [{ id: '', state: up }], says: '1 of 1 runtimes up' },
  { runtimes: [{ id: '', state: down }], says: '0 of 1 runtimes up; down: primary' },
  {
    runtimes: [
      { id: '', state: up },
      { id: 'kata', state: down },
      { id: 'vm', state: down },
    ],
    says: '1 of 3 runtimes up; down: kata, vm',
  },
  {
    runtimes: [
      { id: '', state: up },
      { id: 'vm', state: unseen },
      { id: 'kata', state: down },
      { id: 'x', state: { ...unseen, absent: false } },
    ],
    says: '1 of 4 runtimes up; down: kata, x; not seen yet: vm',
  },
  { runtimes: [{ id: '', state: unseen }], says: '0 of 1 runtimes up; down: primary' },
];

for (const { runtimes, says } of rows) {
  test(says, async t => {
    t.equal(statusText('/run/x.sock', runtimes), `serving CRI on /run/x.sock, ${says}`);
  });
}
