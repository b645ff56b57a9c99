import t from 'tap';
import { markField } from '../../../src/transport/http2/header-rules.ts';
import { HeaderList } from '../../../src/transport/http2/hpack/header-list.ts';
import {
  type IncomingMessage,
  receiveContent,
  receiveEnd,
  receiveList,
} from '../../../src/transport/http2/incoming-message.ts';

type Fields = ReadonlyArray<readonly [name: string, value: string]>;

const request: Fields = [
  [':method', 'POST'],
  [':scheme', 'http'],
  [':path', '/a/B'],
];
const response: Fields = [[':status', '200']];
const interim: Fields = [[':status', '103']];

function listOf(fields: Fields, limit = 1000): HeaderList {
  const list = new HeaderList(limit);
  for (const [name, value] of fields) list.add(name, value, markField(name, value));
  return list;
}

function newMessage(): IncomingMessage {
  return { headReceived: false, interims: 0, contentLength: -1, bodyLength: 0 };
}

/** A step of a message: a list with or without END_STREAM, a number of bytes, or END_STREAM on DATA. */
type Step = Fields | { readonly last: Fields } | number | 'end';

function take(message: IncomingMessage, step: Step, isServer: boolean): string | undefined {
  if (step === 'end') return receiveEnd(message);
  if (typeof step === 'number') return receiveContent(message, step);
  return 'last' in step
    ? receiveList(message, listOf(step.last), true, isServer)
    : receiveList(message, listOf(step), false, isServer);
}

/** The steps of a message, and the rule that the last step breaks. */
type Row = readonly [title: string, steps: readonly Step[], fault: string | undefined];

const long = (length: number): Fields => [['content-length', `${length}`]];

/** Rules for messages of both roles; `head` is a header list without a fault. */
function bothRoles(head: Fields): Row[] {
  return [
    ['content and END_STREAM', [head, 5, 'end'], undefined],
    ['content and trailers', [head, 5, { last: [['x', 'y']] }], undefined],
    ['no content', [{ last: head }], undefined],
    ['DATA first', [0], 'DATA before HEADERS'],
    [
      'HEADERS in the middle without END_STREAM',
      [head, 5, [['x', 'y']]],
      'HEADERS without END_STREAM in the middle of a message',
    ],
    ['as much as content-length', [[...head, ...long(5)], 2, 3, 'end'], undefined],
    ['more than content-length', [[...head, ...long(4)], 2, 3], 'DATA does not match content-length 4'],
    ['less than content-length', [[...head, ...long(6)], 2, 3, 'end'], 'DATA does not match content-length 6'],
    [
      'trailers before the end of content',
      [[...head, ...long(6)], 5, { last: [] }],
      'DATA does not match content-length 6',
    ],
    ['a content-length without content', [{ last: [...head, ...long(1)] }], 'DATA does not match content-length 1'],
    ['a content-length of 0 without content', [{ last: [...head, ...long(0)] }], undefined],
    ['content-length twice', [[...head, ...long(5), ...long(5)]], 'content-length twice'],
    ['content-length: -1', [[...head, ['content-length', '-1']]], 'content-length: -1'],
    [
      'content-length of 16 digits',
      [[...head, ['content-length', '1'.repeat(16)]]],
      `content-length: ${'1'.repeat(16)}`,
    ],
    ['content-length in trailers', [head, 5, { last: long(5) }], 'content-length in trailers'],
    ['te: trailers', [[...head, ['te', 'trailers']]], undefined],
    ['te: gzip', [[...head, ['te', 'gzip']]], 'te: gzip'],
    ['te: gzip in trailers', [head, { last: [['te', 'gzip']] }], 'te: gzip'],
    ...['X', 'a b', '', ':', 'a:b', 'a\x7f'].map(
      (name): Row => [`the name ${JSON.stringify(name)}`, [[...head, [name, '1']]], 'a malformed header field'],
    ),
    ...['a\nb', 'a\rb', 'a\0b'].map(
      (value): Row => [`the value ${JSON.stringify(value)}`, [[...head, ['x', value]]], 'a malformed header field'],
    ),
    ['a value with space at its ends', [[...head, ['x', ' a ']]], undefined],
    ['an unknown pseudo-header', [[[':foo', 'x'], ...head]], ':foo out of place'],
    ['a pseudo-header after a field', [[['x', 'y'], ...head]], `${head[0]![0]} out of place`],
    ['a pseudo-header twice', [[head[0]!, ...head]], `${head[0]![0]} out of place`],
    ...['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade'].flatMap((name): Row[] => [
      [name, [[...head, [name, 'x']]], `${name} does not belong in HTTP/2`],
      [`${name} in trailers`, [head, { last: [[name, 'x']] }], `${name} does not belong in HTTP/2`],
    ]),
    ...[':method', ':scheme', ':path', ':authority', ':status'].map(
      (name): Row => [
        `${name} in trailers`,
        [head, { last: [[name, name === ':status' ? '200' : 'x']] }],
        `${name} out of place`,
      ],
    ),
  ];
}

const without = (name: string) => request.filter(([each]) => each !== name);
const withValue = (name: string, value: string): Fields => [...without(name), [name, value]];

const requests: Row[] = [
  ...bothRoles(request),
  ['any :authority', [[...request, [':authority', 'a b']]], undefined],
  ...[':method', ':scheme', ':path'].map((name): Row => [`no ${name}`, [without(name)], 'a pseudo-header is missing']),
  [':status', [[...request, [':status', '200']]], ':status out of place'],
  [':scheme: 1a', [withValue(':scheme', '1a')], ':scheme: 1a'],
  [':path: x', [withValue(':path', 'x')], 'a malformed :path'],
  [
    'OPTIONS *',
    [
      [
        [':method', 'OPTIONS'],
        [':scheme', 'http'],
        [':path', '*'],
      ],
    ],
    undefined,
  ],
];

const responses: Row[] = [
  ...bothRoles(response),
  ['no :status', [[['x', 'y']]], 'no :status'],
  ...['99', '600', '2000', ''].map((value): Row => [`:status: ${value}`, [[[':status', value]]], `:status: ${value}`]),
  ...[':method', ':scheme', ':path', ':authority'].map(
    (name): Row => [name, [[...response, [name, 'x']]], `${name} out of place`],
  ),
  ['an interim response first', [interim, interim, response, 5, 'end'], undefined],
  ['DATA after an interim response', [interim, 5], 'DATA before HEADERS'],
  ['an interim response with END_STREAM', [{ last: interim }], 'a response that ends with status 1xx'],
  ['16 interim responses', [...new Array<Step>(16).fill(interim), response], undefined],
  ['17 interim responses', new Array<Step>(17).fill(interim), 'more than 16 responses with status 1xx'],
];

for (const [role, rows] of [
  ['request', requests],
  ['response', responses],
] as const) {
  for (const [title, steps, fault] of rows) {
    t.test(`${role}: ${title}`, async t => {
      const message = newMessage();
      const results = steps.map(step => take(message, step, role === 'request'));
      t.strictSame(results, [...new Array<undefined>(steps.length - 1).fill(undefined), fault]);
    });
  }
}

t.test('a malformed field, also where it is cut from the list', async t => {
  for (const isServer of [true, false]) {
    for (const limit of [1000, 60]) {
      const list = listOf([...(isServer ? request : response), ['X', '1']], limit);
      t.equal(receiveList(newMessage(), list, false, isServer), 'a malformed header field');
    }
  }
});

t.test('a list that was cut has no missing fields', async t => {
  const list = listOf([['x', 'y'.repeat(2000)]]);
  t.equal(list.truncated, true);
  t.equal(receiveList(newMessage(), list, false, true), undefined);
  t.equal(receiveList(newMessage(), list, false, false), undefined);
});

t.test('a list that comes again is checked for its place', async t => {
  const message = newMessage();
  const list = listOf(response);
  t.equal(receiveList(message, list, false, false), undefined);
  t.equal(receiveList(message, list, true, false), ':status out of place');
  t.equal(receiveList(newMessage(), list, true, false), undefined);
});
