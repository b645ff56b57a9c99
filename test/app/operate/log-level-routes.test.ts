import { test } from 'tap';
import { AdminError, type AdminRequest } from '../../../src/admin/admin-route.ts';
import { logLevelRoutes } from '../../../src/app/operate/log-level-routes.ts';
import { LevelSwitch } from '../../../src/base/level-switch.ts';
import type { Level } from '../../../src/base/log-level.ts';

function setUp(level: Level) {
  const levels = new LevelSwitch(level);
  const routes = logLevelRoutes(levels);
  const ask = async (method: string, body?: unknown) => {
    const route = routes.find(each => each.method === method && each.path === '/v1/log-level')!;
    const request: AdminRequest = { query: new URLSearchParams(), body, signal: new AbortController().signal };
    return await route.handle(request);
  };
  return { levels, ask };
}

test('GET says the level', async t => {
  const { levels, ask } = setUp(2);
  t.strictSame(await ask('GET'), { kind: 'json', value: { level: 2 } });
  levels.setFor(4, 60_000);
  const returnsAt = new Date(levels.returnsAt!).toISOString();
  t.strictSame(await ask('GET'), { kind: 'json', value: { level: 4, lastingLevel: 2, returnsAt } });
  levels.set(0);
});

for (const body of [{ level: 5 }, { level: 5, for: 0 }]) {
  test(`PUT ${JSON.stringify(body)} changes it for good`, async t => {
    const { levels, ask } = setUp(1);
    t.strictSame(await ask('PUT', body), { kind: 'json', value: { level: 5 } });
    t.strictSame([levels.get(), levels.returnsAt], [5, undefined]);
  });
}

test('PUT with a time changes it for so long', async t => {
  const { levels, ask } = setUp(1);
  const before = Date.now();
  await ask('PUT', { level: 5, for: 60_000 });
  t.strictSame([levels.get(), levels.lastingLevel], [5, 1]);
  t.ok(levels.returnsAt! >= before + 60_000 && levels.returnsAt! <= Date.now() + 60_000);
  levels.set(1);
});

const wrong: ReadonlyArray<readonly [body: unknown, message: RegExp]> = [
  [undefined, /^level: undefined is not a log level; use 0 to 5$/],
  [null, /^level: undefined/],
  [7, /^level: undefined/],
  [{ level: 6 }, /^level: 6 /],
  [{ level: -1 }, /^level: -1 /],
  [{ level: 1.5 }, /^level: 1\.5 /],
  [{ level: '4' }, /^level: "4" /],
  [{ level: 4, for: -1 }, /^for: -1 is no time in ms/],
  [{ level: 4, for: '10m' }, /^for: "10m" is no time in ms/],
  [{ level: 4, for: 86_400_001 }, /^for: 86400001 .* to 86400000$/],
];

for (const [body, message] of wrong) {
  test(`PUT ${JSON.stringify(body)} is refused, and changes nothing`, async t => {
    const { levels, ask } = setUp(1);
    const fault = await ask('PUT', body).catch((error: unknown) => error);
    t.ok(fault instanceof AdminError);
    t.equal((fault as AdminError).status, 400);
    t.match((fault as AdminError).message, message);
    t.strictSame([levels.get(), levels.returnsAt], [1, undefined]);
  });
}
