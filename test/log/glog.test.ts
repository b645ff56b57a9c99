import { test } from 'tap';
import { stringify } from 'yaml';
import { escapeControlsInLines } from '../../src/base/escape-controls.ts';
import { Level } from '../../src/base/log-level.ts';
import { glogLine } from '../../src/log/glog.ts';
import { makeLogger } from '../../src/log/log-line.ts';

function collect(level: Level) {
  const written: string[] = [];
  return {
    log: makeLogger({ get: () => level }, line =>
      written.push(glogLine(line, fields => stringify(fields, { lineWidth: 0 }))),
    ),
    written,
  };
}

/** glog: severity, month and day, time with microseconds, process id, file and line. */
const LINE = /^([IWE])(\d{2})(\d{2}) (\d{2}):(\d{2}):(\d{2})\.(\d{6}) +(\d+) ([\w.-]+):(\d+)\] (.*)\n$/;

test("a line is one of glog's", async t => {
  const { log, written } = collect(0);
  const before = new Date();
  log.info(0, 'it starts');
  log.warn('it is odd');
  log.error('it broke');
  const after = new Date();
  t.strictSame(
    written.map(line => LINE.exec(line)?.[1]),
    ['I', 'W', 'E'],
  );
  for (const line of written) {
    const [, , month, day, hour, minute, second, micros, pid, file] = LINE.exec(line)!;
    const at = new Date(
      before.getFullYear(),
      Number(month) - 1,
      Number(day),
      Number(hour),
      Number(minute),
      Number(second),
    );
    at.setMilliseconds(Math.floor(Number(micros) / 1000));
    t.ok(at >= before && at <= after, `${line.slice(0, 21)} is local time`);
    t.equal(Number(pid), process.pid);
    t.equal(file, 'glog.test.ts', 'the place that logged');
  }
  t.strictSame(
    written.map(line => LINE.exec(line)![11]),
    ['it starts', 'it is odd', 'it broke'],
  );
});

test('levels', async t => {
  for (const level of Object.values(Level)) {
    const { log, written } = collect(level);
    for (const at of Object.values(Level)) {
      t.equal(log.enabled(at), at <= level, `-v ${level}: level ${at} is ${at <= level ? 'on' : 'off'}`);
      log.info(at, `at ${at}`);
    }
    log.warn('always');
    log.error('always');
    t.equal(written.length, level + 3, `-v ${level}`);
  }
});

test('fields come below the line as indented YAML', async t => {
  const { log, written } = collect(3);
  log.info(3, 'StopContainer request', { container_id: 'c1', timeout: 30, list: ['a', 'b'], text: 'line 1\nline 2' });
  const [line, ...below] = written[0]!.split('\n');
  t.match(`${line}\n`, LINE);
  t.strictSame(below, [
    '  container_id: c1',
    '  timeout: 30',
    '  list:',
    '    - a',
    '    - b',
    '  text: |-',
    '    line 1',
    '    line 2',
    '',
  ]);
});

test('a message without fields has nothing below it', async t => {
  const { log, written } = collect(3);
  log.info(3, 'StartContainer response', {});
  log.info(3, 'something');
  for (const text of written) t.match(text, LINE);
});

const awkward: ReadonlyArray<readonly [message: string, shown: string]> = [
  ['two\nlines', 'two\\nlines'],
  ['I0101 00:00:00.000000 1 x.go:1] fake\nW0101 fake', 'I0101 00:00:00.000000 1 x.go:1] fake\\nW0101 fake'],
  ['a\r\u001b[31mred\u0000', 'a\\r\\u001b[31mred\\u0000'],
  ['tab\there', 'tab\\there'],
  ['käse 💾', 'käse 💾'],
];

test("a peer's text cannot fake a line, nor reach the terminal", async t => {
  for (const [message, shown] of awkward) {
    const { log, written } = collect(0);
    log.warn(message);
    t.equal(LINE.exec(written[0]!)?.[11], shown, JSON.stringify(message));
  }
});

test('text in fields stays below its line, indented', async t => {
  const { log, written } = collect(0);
  log.info(0, 'x', { stdout: 'I0101 00:00:00.000000 1 x.go:1] fake\nE0101 fake', ['key\nE0101 fake']: '\u001b[31m' });
  const below = written[0]!.split('\n').slice(1, -1);
  t.ok(below.length >= 3);
  for (const line of below) t.match(line, /^ {2}/, JSON.stringify(line));
  t.notOk(written[0]!.includes('\u001b'));
});

test('the id of the call comes behind the message', async t => {
  const { log, written } = collect(3);
  const about = { call: { id: 1234 }, method: 'StopContainer', runtime: 'alt' };
  log.info(3, 'StopContainer request', { timeout: 30 }, about);
  log.warn('it is slow', about);
  log.error('it broke', about);
  t.strictSame(
    written.map(text => LINE.exec(`${text.split('\n')[0]}\n`)![11]),
    ['StopContainer request #1234', 'it is slow #1234', 'it broke #1234'],
  );
});

test('control characters are escaped, in the message and in the fields', async t => {
  const { log, written } = collect(0);
  log.info(0, 'pod \u009b2J\u202e', { name: 'a\u009b2J', other: '\u202eb\u2028', esc: '\u001b[2J' });
  t.equal(written[0], escapeControlsInLines(written[0]!));
  t.match(written[0], 'pod \\u009b2J\\u202e');
  t.match(written[0], 'name: "a\\u009b2J"');
});
