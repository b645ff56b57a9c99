import { test } from 'tap';
import type { TracedCall } from '../../../src/admin/api/trace-line.ts';
import { type Paint, paintFor } from '../../../src/cli/terminal/paint.ts';
import { TraceView } from '../../../src/cli/trace/trace-view.ts';

const plain: Paint = (_, text) => text;
const tagged: Paint = (tone, text) => `<${tone}>${text.trim()}</${tone}>`;

const call: TracedCall = {
  kind: 'end',
  id: 1234,
  time: new Date(2026, 0, 2, 15, 4, 5, 67).toISOString(),
  client: 'grpc-go/1.58.3',
  socket: '',
  method: 'UpdatePodSandboxResources',
  package: 'runtime.v1',
  namespace: 'kube-system',
  pod: 'coredns-5d78c9869d-x2x9z',
  container: 'coredns',
  image: '',
  runtimes: ['primary'],
  ms: 12.34,
  code: 'OK',
  message: '',
  parts: [],
  requestBytes: 10,
  responseBytes: 10,
};
const failed = {
  ...call,
  code: 'DeadlineExceeded',
  message: `the runtime did not answer ${'in time '.repeat(12).trim()}`,
};

test('at 80 columns', async t => {
  const view = new TraceView(80, plain);
  const text = view.show({ kind: 'start', time: call.time }) + view.show(call) + view.show(failed);
  t.equal(
    text,
    `TIME         ID     CLIENT  METHOD              RUNTIME    TOOK CODE
15:04:05.067 1234   grpc-go UpdateP…oxResources primary    12ms OK
             kube-system/coredns-5d78c9869d-x2x9z/coredns
15:04:05.067 1234   grpc-go UpdateP…oxResources primary    12ms DeadlineExceeded
             kube-system/coredns-5d78c9869d-x2x9z/coredns
             the runtime did not answer in time in time in time in time in time
             in time in time in time in time in time in time in time
`,
  );
});

for (const width of [80, 100, 119, 120, 200]) {
  test(`nothing is wider than ${width} columns, and columns are aligned`, async t => {
    const view = new TraceView(width, plain);
    const others = [
      { ...call, client: 'a-client-with-a-long-name/1', id: 1_234_567, runtimes: ['primary', 'alt', 'third'] },
      { ...call, method: 'Exec', client: '', runtimes: [], namespace: '', pod: '', container: '', ms: 123_456 },
      { ...call, pod: 'x'.repeat(253) },
      failed,
    ];
    const lines = [view.show({ kind: 'start', time: call.time }), ...[call, ...others].map(each => view.show(each))]
      .join('')
      .trimEnd()
      .split('\n');
    t.strictSame(
      lines.filter(line => line.length > width && !line.includes('x'.repeat(width - 20))),
      [],
    );
    const rows = lines.filter(line => /^\d\d:/.test(line));
    const at = lines[0]!.indexOf('CODE');
    t.strictSame(
      rows.map(row => row.slice(at - 1, at + 1)),
      [' O', ' O', ' O', ' O', ' D'],
    );
  });
}

test('output for a program is not cut, and a call without a message is one line', async t => {
  const view = new TraceView(undefined, plain);
  const long = { ...call, pod: 'x'.repeat(253), client: 'a-client-with-a-long-name/1' };
  t.match(view.show(long), /^15:04:05\.067 .*a-client-with-a-long-name .*kube-system\/x{253}\/coredns .* OK\n$/);
});

const tones: ReadonlyArray<readonly [what: string, change: Partial<TracedCall>, shown: string]> = [
  ['OK', {}, '<good>OK</good>'],
  ['an error', { code: 'NotFound' }, '<bad>NotFound</bad>'],
  ['a slow call', { ms: 700 }, '<warn>700ms</warn>'],
  ['a very slow call', { ms: 7000 }, '<bad>7.0s</bad>'],
  ['the begin of a stream', { kind: 'begin', code: '' }, '<quiet>begins</quiet>'],
  ['a message', { message: 'gone' }, '<bad>gone</bad>'],
];

for (const [what, change, shown] of tones) {
  test(`${what} is shown as ${shown}`, async t => {
    t.ok(new TraceView(80, tagged).show({ ...call, ...change }).includes(shown));
  });
}

test('a long stream is not slow', async t => {
  const text = new TraceView(80, tagged).show({ ...call, method: 'GetContainerEvents', ms: 7_200_000 });
  t.notMatch(text, /<(?:warn|bad)>/);
});

test('lost lines are told', async t => {
  t.match(new TraceView(80, plain).show({ kind: 'lost', lines: 123 }), /^\.\.\. 123 lines lost/);
});

test('the texts of a peer cannot control the terminal', async t => {
  const evil = '\u001b[2J\u0007\r\nfaked';
  const text = new TraceView(80, plain).show({ ...call, client: evil, method: evil, pod: evil, message: evil });
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the test looks for them.
  t.notMatch(text, /[\u0000-\u0009\u000b-\u001f]/);
  t.equal(text.trimEnd().split('\n').length, 3);
});

test('an image stands where there is no pod', async t => {
  const text = new TraceView(80, plain).show({ ...call, pod: '', namespace: '', container: '', image: 'nginx:1.27' });
  t.match(text, /\n {13}nginx:1\.27\n/);
});

test('there is colour in a terminal alone', async t => {
  const { NO_COLOR, TERM } = process.env;
  delete process.env['NO_COLOR'];
  process.env['TERM'] = 'xterm';
  t.teardown(() => Object.assign(process.env, { ...(NO_COLOR !== undefined && { NO_COLOR }), TERM: TERM ?? '' }));
  t.notOk(new TraceView(80, paintFor({ isTTY: false })).show(failed).includes('\u001b'));
  t.ok(new TraceView(80, paintFor({ isTTY: true })).show(failed).includes('\u001b['));
});
