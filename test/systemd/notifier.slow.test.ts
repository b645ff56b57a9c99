import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Test, test } from 'tap';
import type { Logger } from '../../src/base/logger.ts';
import { type Notifier, openNotifier } from '../../src/systemd/notifier.ts';
import { waitFor } from '../support/child.ts';
import { needs } from '../support/require.ts';
import { type NotifySocket, openNotifySocket } from './notify-socket.ts';

interface Lab {
  readonly folder: string;
  readonly socket: NotifySocket;
  readonly warnings: readonly string[];
  readonly notifier: Notifier;
  /** Resolves with all messages once the last one has come. */
  until(last: RegExp): Promise<readonly string[]>;
}

async function makeLab(t: Test, path = process.env['PATH']!): Promise<Lab> {
  const folder = mkdtempSync(join(tmpdir(), 'criproxy-notify-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const socket = await openNotifySocket(folder);
  t.teardown(socket.close);
  const warnings: string[] = [];
  const log = { warn: (text: string) => warnings.push(text) } as unknown as Logger;
  const notifier = await openNotifier(socket.path, undefined, path.replace('FOLDER', folder), log);
  const until = (last: RegExp) =>
    waitFor(`${last} in ${socket.messages}`, () =>
      last.test(socket.messages.at(-1) ?? '') ? socket.messages : undefined,
    );
  return { folder, socket, warnings, notifier, until };
}

/** A systemd-notify that writes down its arguments. */
function writeProgram(folder: string, version: string, ending: string): string {
  const path = join(folder, 'systemd-notify');
  const lines = ['#!/bin/sh', `[ "$1" != --version ] || { echo 'systemd ${version}'; exit; }`];
  writeFileSync(path, [...lines, `echo "$@ $$" >> ${folder}/said`, ending, ''].join('\n'));
  chmodSync(path, 0o755);
  return path;
}

function read(folder: string): string {
  const path = join(folder, 'said');
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

/** The state in /proc/PID/stat: Z is a zombie; undefined when there is no such process. */
function stateOf(pid: string): string | undefined {
  try {
    return /\) (\S)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1];
  } catch {
    return undefined;
  }
}

const real = needs('node');

test('the messages, in order', real, async t => {
  const { notifier, until, warnings } = await makeLab(t);
  notifier.status('one');
  notifier.ready();
  notifier.reloading();
  notifier.ready();
  notifier.status('two\nlines');
  notifier.stopping();
  const messages = await until(/STOPPING/);
  t.equal(messages.length, 4);
  t.same([messages[0], messages[2], messages[3]], ['READY=1 STATUS=one', 'READY=1', 'STOPPING=1 STATUS=two lines']);
  t.match(messages[1], /^RELOADING=1 MONOTONIC_USEC=\d+$/);
  const age = Number(process.hrtime.bigint() / 1000n) - Number(messages[1]!.split('=').at(-1));
  t.ok(age >= 0 && age < 30_000_000, 'on the monotonic clock, in µs');
  t.same(warnings, []);
});

test('the last of many states in a short time is reported', real, async t => {
  const { notifier, until } = await makeLab(t);
  for (let count = 1; count <= 100; count++) notifier.status(`${count} of 100`);
  t.same(await until(/100 of 100/), ['STATUS=100 of 100']);
});

test('a sign of life takes the state with it', real, async t => {
  const { notifier, until } = await makeLab(t);
  notifier.status('well');
  notifier.alive();
  t.same(await until(/WATCHDOG/), ['WATCHDOG=1 STATUS=well']);
});

test('without the program: one warning with the remedy', async t => {
  const { notifier, warnings, socket } = await makeLab(t, '/nowhere');
  notifier.ready();
  notifier.status('well');
  await waitFor('the warning', () => warnings[0]);
  notifier.alive();
  // One that begins later has had less time to warn.
  const later = await makeLab(t, '/nowhere');
  later.notifier.ready();
  await waitFor('the warning of another', () => later.warnings[0]);
  t.equal(warnings.length, 1);
  t.match(warnings[0], /systemd-notify in PATH: install it .*Type=exec/);
  t.same(socket.messages, []);
});

test('a program that fails is complained of once, and tried again', async t => {
  const { notifier, warnings, folder } = await makeLab(t, 'FOLDER:/bin:/usr/bin');
  writeProgram(folder, '252 (252.39)', 'echo no >&2; exit 1');
  for (const tell of ['ready', 'reloading', 'ready', 'stopping'] as const) notifier[tell]();
  // The messages go one at a time: the fourth begins when the third has failed.
  await waitFor('three tries and another', () => read(folder).split('\n').length === 5 || undefined);
  t.match(warnings, [/systemd was not told how the service is doing: systemd-notify ended with 1: no/]);
  t.equal(warnings.length, 1);
});

const releases = [
  { version: '245 (245.4-4ubuntu3)', state: 'Z' },
  { version: '246', state: undefined },
  { version: '259~rc1', state: undefined },
];

for (const { version, state } of releases) {
  test(`systemd ${version}: the state of the sender, once it has ended, is ${state}`, async t => {
    const { notifier, folder } = await makeLab(t, 'FOLDER:/bin:/usr/bin');
    writeProgram(folder, version, 'exit 0');
    notifier.ready();
    const [, text, pid] = await waitFor('the message', () => /^(.*) (\d+)\n$/.exec(read(folder)) ?? undefined);
    t.equal(text, 'READY=1');
    await waitFor(`${state}`, () => (stateOf(pid!) === state ? true : undefined));
  });
}

test('without a notification socket nothing is started', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'criproxy-notify-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  writeProgram(folder, '252', 'exit 0');
  const notifier = await openNotifier(undefined, undefined, `${folder}:/bin`, {} as Logger);
  notifier.ready();
  notifier.status('well');
  notifier.alive();
  const later = await openNotifier(join(folder, 'notify'), undefined, `${folder}:/bin`, {} as Logger);
  later.stopping();
  await waitFor('the message of another', () => read(folder) || undefined);
  t.match(read(folder), /^STOPPING=1 \d+\n$/, 'it is the only one');
});
