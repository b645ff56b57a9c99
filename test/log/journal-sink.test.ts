import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'tap';
import { journalEntry } from '../../src/log/journal-entry.ts';
import { JournalSink } from '../../src/log/journal-sink.ts';
import type { LogLine } from '../../src/log/log-line.ts';
import { makeFolder, type Teardown } from '../daemon/daemon.ts';
import { exitOf, spawnTied, waitFor } from '../support/child.ts';

function lineOf(message: string, more: Partial<LogLine> = {}): LogLine {
  const file = 'service.ts:12';
  return { time: new Date(), severity: 'info', level: 0, message, fields: undefined, about: {}, file, ...more };
}

/** Stands in for journald: the entries that have come, each as it was sent. */
async function startReceiver(t: Teardown) {
  const path = join(makeFolder(t), 'journal.sock');
  const program = `
use Socket;
socket(S, AF_UNIX, SOCK_DGRAM, 0) or die; bind(S, sockaddr_un($ARGV[0])) or die;
$| = 1;
while (defined recv(S, my $entry, 1 << 20, 0)) { print unpack('H*', $entry), "\\n"; }`;
  const child = spawnTied('perl', ['-e', program, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout!.setEncoding('utf8').on('data', chunk => {
    text += chunk;
  });
  const stop = async () => {
    const ended = exitOf(child);
    child.kill('SIGKILL');
    await ended;
  };
  t.teardown(stop);
  await waitFor('the receiver', () => existsSync(path) || undefined);
  const entries = () =>
    text
      .split('\n')
      .slice(0, -1)
      .map(hex => Buffer.from(hex, 'hex').toString());
  return { path, entries, stop };
}

const entries: ReadonlyArray<readonly [what: string, line: LogLine, fields: readonly string[]]> = [
  ['a start', lineOf('it starts'), ['MESSAGE=it starts', 'PRIORITY=6', 'CRIPROXY_LEVEL=0']],
  ['a warning', lineOf('it is odd', { severity: 'warning' }), ['MESSAGE=it is odd', 'PRIORITY=4', 'CRIPROXY_LEVEL=0']],
  ['an error', lineOf('it broke', { severity: 'error' }), ['MESSAGE=it broke', 'PRIORITY=3', 'CRIPROXY_LEVEL=0']],
  [
    'a call',
    lineOf('StopContainer request', {
      level: 3,
      fields: { container_id: 'c1', text: 'a\nMESSAGE=b' },
      about: { call: { id: 7 }, method: 'StopContainer', runtime: 'alt' },
    }),
    [
      'MESSAGE=StopContainer request #7',
      'PRIORITY=7',
      'CRIPROXY_LEVEL=3',
      'CRIPROXY_CALL_ID=7',
      'CRIPROXY_METHOD=StopContainer',
      'CRIPROXY_RUNTIME=alt',
      'CRIPROXY_FIELDS={"container_id":"c1","text":"a\\nMESSAGE=b"}',
    ],
  ],
  [
    'the primary',
    lineOf('it is up', { about: { runtime: '' } }),
    ['MESSAGE=it is up', 'PRIORITY=6', 'CRIPROXY_LEVEL=0', 'CRIPROXY_RUNTIME=primary'],
  ],
  [
    "a peer's text",
    lineOf('two\nPRIORITY=0\n', { about: { method: '/x\nMESSAGE=fake' } }),
    ['MESSAGE=two\\nPRIORITY=0\\n', 'PRIORITY=6', 'CRIPROXY_LEVEL=0', 'CRIPROXY_METHOD=/x\\nMESSAGE=fake'],
  ],
];

for (const [what, line, fields] of entries) {
  test(`the entry of ${what}`, async t => {
    const place = ['SYSLOG_IDENTIFIER=criproxy', `SYSLOG_PID=${process.pid}`, 'CODE_FILE=service.ts', 'CODE_LINE=12'];
    const lines = journalEntry(line).toString().split('\n');
    t.equal(lines.pop(), '', 'ended');
    t.strictSame(lines.sort(), [...fields, ...place].sort());
  });
}

test('an entry fits into a datagram, however much is dumped', async t => {
  const bytes = journalEntry(lineOf('x', { fields: { text: 'käse'.repeat(100_000) } }));
  t.ok(bytes.length < 65_000, `${bytes.length} bytes`);
  t.match(bytes.toString(), /käsekä[^\ufffd]*\.\.\. \(500011 bytes\)\n/);
});

test('entries reach the socket in order, also entries from before the start of the sender', async t => {
  const { path, entries: received } = await startReceiver(t);
  const written: string[] = [];
  const sink = new JournalSink({ write: text => written.push(text), socket: path });
  const sent = Array.from({ length: 1_000 }, (_, n) => lineOf(`line ${n}`));
  for (const line of sent.slice(0, 500)) sink.take(line);
  await waitFor('the first entries', () => received().length === 500 || undefined);
  for (const line of sent.slice(500)) sink.take(line);
  await sink.close();
  await waitFor('the entries', () => received().length === 1_000 || undefined);
  t.strictSame(
    received(),
    sent.map(line => journalEntry(line).toString()),
  );
  t.strictSame(written, []);
});

test('entries that are taken just before the end are sent', async t => {
  const { path, entries: received } = await startReceiver(t);
  const sink = new JournalSink({ write: () => {}, socket: path });
  sink.take(lineOf('stopped'));
  await sink.close();
  await waitFor('the entry', () => received().length === 1 || undefined);
  t.match(received()[0], 'MESSAGE=stopped\n');
});

test('without journald, Perl or its module, lines go to stderr with a priority, and one line has the reason', async t => {
  const { path } = await startReceiver(t);
  const places = [
    [{ socket: '/nowhere/socket' }, /^<4>.*: there is no \/nowhere\/socket\n$/],
    [{ socket: path, perl: '/nowhere/perl' }, /^<4>.*: \/nowhere\/perl cannot be run: .*ENOENT\n$/],
    [{ socket: path, perl: 'false' }, /^<4>.*: the sender of entries ended with 1\n$/],
  ] as const;
  for (const [place, warning] of places) {
    const written: string[] = [];
    const sink = new JournalSink({ write: text => written.push(text), ...place });
    sink.take(lineOf('first', { about: { call: { id: 3 } } }));
    await waitFor('the fall-back', () => written.length >= 2 || undefined);
    sink.take(lineOf('second', { severity: 'error' }));
    sink.take(lineOf('third\nline', { level: 3 }));
    await sink.close();
    t.match(written[0], warning);
    t.strictSame(written.slice(1), ['<6>first #3\n', '<3>second\n', '<7>third\\nline\n']);
  }
});

test('when the sender ends, lines go to stderr from then on', async t => {
  const { path, entries: received } = await startReceiver(t);
  const written: string[] = [];
  const sink = new JournalSink({ write: text => written.push(text), socket: path });
  sink.take(lineOf('first'));
  await waitFor('the entry', () => received().length === 1 || undefined);
  sink.sender!.kill('SIGKILL');
  await waitFor('the warning', () => written.length === 1 || undefined);
  sink.take(lineOf('second'));
  t.match(written[0], /^<4>.*ended with SIGKILL\n$/);
  t.equal(written[1], '<6>second\n');
  await sink.close();
});

test('while entries are not read, lines are counted and not kept without a limit', async t => {
  const { path, entries: received } = await startReceiver(t);
  const sink = new JournalSink({ write: () => {}, socket: path });
  sink.take(lineOf('first'));
  await waitFor('the entry', () => received().length === 1 || undefined);
  sink.sender!.kill('SIGSTOP');
  const fields = { text: 'x'.repeat(50_000) };
  for (let n = 0; n < 300; n++) sink.take(lineOf(`line ${n}`, { fields }));
  sink.sender!.kill('SIGCONT');
  await waitFor('room', () => sink.sender!.stdin!.writableLength === 0 || undefined);
  sink.take(lineOf('last'));
  await sink.close();
  await waitFor('the last entry', () => /^MESSAGE=last$/m.test(received().at(-1) ?? '') || undefined);
  const messages = received().map(entry => /^MESSAGE=(.*)$/m.exec(entry)![1]!);
  const [lost] = messages.flatMap(message => /^(\d+) lines of the log are lost/.exec(message)?.[1] ?? []);
  const kept = messages.filter(message => message.startsWith('line ')).length;
  t.equal(kept + Number(lost), 300, `${lost} lost`);
});

test('an entry that cannot be sent is not lost without a word', async t => {
  const { path, entries: received, stop } = await startReceiver(t);
  const sink = new JournalSink({ write: () => {}, socket: path, stderr: 'pipe' });
  sink.take(lineOf('first'));
  await waitFor('the entry', () => received().length === 1 || undefined);
  await stop();
  rmSync(path);
  let text = '';
  sink.sender!.stderr!.setEncoding('utf8').on('data', chunk => {
    text += chunk;
  });
  sink.take(lineOf('second', { severity: 'warning' }));
  await waitFor('the line', () => text !== '' || undefined);
  t.equal(text, '<4>second\n');
  await sink.close();
});
