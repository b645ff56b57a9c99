import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'tap';
import type { Generations } from '../../../src/app/generation/generations.ts';
import { type ConfigSource, Reloader, ReloadRefused } from '../../../src/app/operate/reloader.ts';
import { LevelSwitch } from '../../../src/base/level-switch.ts';
import type { Logger } from '../../../src/base/logger.ts';
import { compareConfigs } from '../../../src/config/config-changes.ts';
import type { ProxyConfig } from '../../../src/config/proxy-config.ts';
import { configOfFlags } from '../../support/config-of-flags.ts';

const silent: Logger = { enabled: () => false, info() {}, warn() {}, error() {} };

function configOf(...flags: string[]): ProxyConfig {
  const base = ['-listen', '/run/x.sock', '-streamUrl', 'http://10.0.0.5:1', '-connect', '/run/a.sock,b:/run/b.sock'];
  return configOfFlags(...base, ...flags);
}

const changes: ReadonlyArray<readonly [flags: string[], changes: string[], needsRestart: string[]]> = [
  [[], [], []],
  [['-connect', '/run/a.sock'], ['runtime b at /run/b.sock is removed'], []],
  [['-connect', '/run/c.sock,b:/run/b.sock'], ['the primary runtime: socket: /run/a.sock, now /run/c.sock'], []],
  [
    ['-connect', '/run/a.sock,c:/run/c.sock,b:/run/b.sock', '-handlers', 'kata=c:qemu,run=c'],
    ['runtime c at /run/c.sock is added'],
    [],
  ],
  [['-handlers', 'kata=:qemu'], ['the primary runtime: handlers: none, now kata (there qemu)'], []],
  [
    ['-pin', 'pause*,b=x,=y'],
    ['the primary runtime: pins: none, now y', 'runtime b: pins: none, now x', 'pins: none, now pause*'],
    [],
  ],
  [['-v', '3'], ['logLevel: 0, now 3'], []],
  [['-streamUrl', 'http://10.0.0.6:1'], ['streamUrl: http://10.0.0.5:1, now http://10.0.0.6:1'], []],
  [['-metrics', ':9494'], [], ['metrics: none until systemctl restart criproxy, then 0.0.0.0:9494']],
  [
    ['-stateDir', '', '-adminSocket', '/run/admin.sock'],
    [],
    [
      'stateDir: /var/lib/criproxy until systemctl restart criproxy, then none',
      'adminSocket: /var/lib/criproxy/admin.sock until systemctl restart criproxy, then /run/admin.sock',
    ],
  ],
];

for (const [flags, lines, needsRestart] of changes) {
  test(`what is new with ${flags.join(' ') || 'the same'}`, async t => {
    const before = configOf();
    const found = compareConfigs(before, configOf(...flags));
    t.strictSame(found.changes, lines);
    t.strictSame(found.needsRestart, needsRestart);
    t.strictSame([found.effective.stateDir, found.effective.metrics], [before.stateDir, before.metrics]);
  });
}

test('another order of runtimes is a change', async t => {
  const found = compareConfigs(
    configOf('-connect', '/run/a.sock,b:/run/b.sock,c:/run/c.sock'),
    configOf('-connect', '/run/a.sock,c:/run/c.sock,b:/run/b.sock'),
  );
  t.strictSame(found.changes, ['order of runtimes: primary, b, c, now primary, c, b']);
});

/** A reloader that is given only the configuration in force. */
function startReloader(read: ConfigSource['read']) {
  const levels = new LevelSwitch(0);
  const state = { config: configOf() };
  const generations = {
    get config() {
      return state.config;
    },
    async change(config: ProxyConfig) {
      state.config = config;
      return [];
    },
  } as unknown as Generations;
  const sockets = { apply: async () => [] };
  return { levels, state, reloader: new Reloader({ generations, sockets, levels, source: { read }, log: silent }) };
}

test('requests during a reload share one reload that begins after it', async t => {
  const reads: Array<() => void> = [];
  const { reloader } = startReloader(
    () => new Promise(resolve => reads.push(() => resolve({ config: configOf(), overruled: [] }))),
  );
  const tick = () => new Promise(resolve => setImmediate(resolve));
  const all = [reloader.reload()];
  await tick();
  all.push(reloader.reload(), reloader.reload());
  await tick();
  t.equal(reads.length, 1, 'one at a time');
  reads[0]!();
  await all[0];
  await tick();
  t.equal(reads.length, 2);
  reads[1]!();
  await Promise.all(all);
  await tick();
  t.equal(reads.length, 2, 'three have asked');
});

test('every request of a refused reload gets the refusal, and the next reload is independent of it', async t => {
  let fault: Error | undefined = new Error('FILE:1: one\nFILE:2: two\n');
  const told: string[] = [];
  const { reloader } = startReloader(async () => {
    if (fault !== undefined) throw fault;
    return { config: configOf('-v', '2'), overruled: [] };
  });
  reloader.listener = { reloading: () => told.push('reloading'), reloaded: () => told.push('reloaded') };
  const message = 'refused, the configuration stays as it was: FILE:1: one; FILE:2: two';
  await t.rejects(reloader.reload(), new ReloadRefused(message));
  await t.rejects(reloader.reload(), new ReloadRefused(message));
  fault = undefined;
  t.match(await reloader.reload(), { changes: ['logLevel: 0, now 2'] });
  t.strictSame(told, ['reloading', 'reloaded', 'reloading', 'reloaded', 'reloading', 'reloaded']);
});

test('a level that was set for a time stays, unless the reload changes the configured level', async t => {
  let config = configOf('-imageFs', 'primary');
  const { reloader, levels } = startReloader(async () => ({ config, overruled: [] }));
  levels.setFor(5, 60_000);
  await reloader.reload();
  t.equal(levels.get(), 5);
  config = configOf('-v', '1');
  await reloader.reload();
  t.equal(levels.get(), 1);
});

for (const own of ['criproxy.sock', 'admin.sock']) {
  test(`a runtime at ${own}, which is criproxy's own until a restart, is refused by whatever path it is found`, async t => {
    const dir = mkdtempSync(join(tmpdir(), 'criproxy-reload-'));
    t.teardown(() => rmSync(dir, { recursive: true, force: true }));
    symlinkSync(dir, join(dir, 'link'));
    const ofNode = ['-listen', join(dir, 'criproxy.sock'), '-adminSocket', join(dir, 'admin.sock')];
    const next = ['-listen', '/run/next.sock', '-adminSocket', '/run/next-admin.sock'];
    for (const path of [join(dir, own), join(dir, 'link', own)]) {
      const { reloader, state } = startReloader(async () => ({
        config: configOf(...next, '-connect', `/run/a.sock,loop:${path}`),
        overruled: [],
      }));
      state.config = configOf(...ofNode);
      await t.rejects(
        reloader.reload(),
        { message: /runtime loop: .* is a socket of criproxy itself until the next restart/ },
        path,
      );
      t.equal(state.config.runtimes.length, 2, 'the configuration is as it was');
    }
  });
}
