import t from 'tap';
import { Quota } from '../../../src/base/quota.ts';
import { isGrpc } from '../../../src/transport/grpc/owned-names.ts';
import { codeOfReset, decodeMessage, encodeMessage, parseStatus } from '../../../src/transport/grpc/status.ts';
import { formatTimeout, parseTimeout } from '../../../src/transport/grpc/timeout.ts';
import { errorName } from '../../../src/transport/http2/frames/error-code.ts';
import { Random } from '../support/random.ts';

const timeouts: ReadonlyArray<readonly [text: string, ms: number | undefined]> = [
  ['1H', 3_600_000],
  ['2M', 120_000],
  ['3S', 3000],
  ['4m', 4],
  ['5000u', 5],
  ['6000000n', 6],
  ['0m', 0],
  ['99999999H', 359_999_996_400_000],
  ['100000000H', undefined],
  ['', undefined],
  ['S', undefined],
  ['1', undefined],
  ['1s', undefined],
  ['-1S', undefined],
  ['1.5S', undefined],
  [' 1S', undefined],
];
for (const [text, ms] of timeouts) t.equal(parseTimeout(text), ms, `a timeout of "${text}" is ${ms} ms`);

const formatted: ReadonlyArray<readonly [ms: number, text: string]> = [
  [0.0001, '1u'],
  [1, '1000u'],
  [1.0001, '1001u'],
  [99_999.999, '99999999u'],
  [100_000, '100000m'],
  [120_000, '120000m'],
  [99_999_999.5, '100000S'],
  [100_000_000_000_000, '27777778H'],
  [Number.MAX_SAFE_INTEGER, '99999999H'],
];
for (const [ms, text] of formatted) t.equal(formatTimeout(ms), text, `${ms} ms are ${text}`);

const messages: ReadonlyArray<readonly [message: string, encoded: string]> = [
  ['', ''],
  ['plain ~ text', 'plain ~ text'],
  ['100%', '100%25'],
  ['a\nb', 'a%0Ab'],
  ['ü', '%C3%BC'],
  ['🙂', '%F0%9F%99%82'],
  ['\x7f\x00', '%7F%00'],
];
for (const [message, encoded] of messages) {
  t.equal(encodeMessage(message), encoded, `${JSON.stringify(message)} is sent as ${encoded}`);
  t.equal(decodeMessage(encoded), message, `and comes back from ${encoded}`);
}
const lenient: ReadonlyArray<readonly [encoded: string, message: string]> = [
  ['50%', '50%'],
  ['%zz', '%zz'],
  ['%4', '%4'],
  ['%c3%bc', 'ü'],
  ['\xc3\xbc', 'ü'],
  ['%ff', '\ufffd'],
];
for (const [encoded, message] of lenient)
  t.equal(decodeMessage(encoded), message, `${JSON.stringify(encoded)} is understood`);

t.test('10,000 messages come back, with seed 11', async t => {
  const random = new Random(11);
  const different: string[] = [];
  for (let i = 0; i < 10_000; i++) {
    const message = random.octets(random.below(30)).toString('utf8');
    if (decodeMessage(encodeMessage(message)) !== message) different.push(message);
  }
  t.same(different, []);
});

const statuses: ReadonlyArray<readonly [text: string, code: number | undefined]> = [
  ['0', 0],
  ['16', 16],
  ['99', 99],
  ['', undefined],
  ['-1', undefined],
  ['1e1', undefined],
  ['x', undefined],
];
for (const [text, code] of statuses) t.equal(parseStatus(text), code, `grpc-status "${text}" is ${code}`);

const resets = [13, 13, 13, 8, 13, 13, 13, 14, 1, 13, 13, 8, 7, 13, 2];
resets.forEach((code, reset) => {
  t.equal(codeOfReset(reset), code, `RST_STREAM with ${errorName(reset)} is ${code}`);
});

const types: ReadonlyArray<readonly [type: string, grpc: boolean]> = [
  ['application/grpc', true],
  ['application/grpc+proto', true],
  ['application/grpc;charset=utf-8', true],
  ['application/grpc-web', false],
  ['application/json', false],
  ['', false],
];
for (const [type, grpc] of types) t.equal(isGrpc(type), grpc, `content-type "${type}" is gRPC: ${grpc}`);

t.test('a quota', async t => {
  const quota = new Quota(3, 0);
  t.same([quota.take(), quota.take(), quota.take(), quota.take()], [true, true, true, false], 'gives its burst');
  quota.give();
  t.same([quota.take(), quota.take()], [true, false], 'and the one that it gets back');
  const fast = new Quota(2, 1e9);
  t.equal(Array.from({ length: 1000 }, () => fast.take()).includes(false), false, 'and its rate');
  const full = new Quota(2, 0);
  for (let i = 0; i < 9; i++) full.give();
  t.same([full.take(), full.take(), full.take()], [true, true, false], 'and never holds more than its burst');
});

t.test('a text that is too long is cut after a whole character', async t => {
  const text = 'a€ö😀%b\n';
  for (let room = 0; room < 40; room++) {
    const encoded = encodeMessage(text, room);
    t.ok(encoded.length <= room && text.startsWith(decodeMessage(encoded)), `${room}: ${encoded}`);
  }
  t.equal(encodeMessage(text, 40), encodeMessage(text));
});
