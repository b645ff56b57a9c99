import t from 'tap';
import { data, headers, hello, message, requestFields, whole } from '../../support/frames.ts';
import { converse } from '../../support/raw-server.ts';

import { answered, echoFields, fields, open, reset, type ServerRow } from '../../support/server-row.ts';

const rows: ServerRow[] = [
  ['8.1 trailers of a request', [hello, open, data(1, message('hello'), 0), headers(1, [['x', 'y']], whole)], answered],
  ...[':path', ':foo', 'connection', 'transfer-encoding', 'content-length'].map(
    (name): ServerRow => [
      `8.1 ${name} in the trailers of a request`,
      [hello, open, data(1, message('hello'), 0), headers(1, [[name, '1']], whole)],
      reset('PROTOCOL_ERROR'),
    ],
  ),
  ['8.1 HEADERS that end nothing in the middle', [hello, open, headers(1, [['x', 'y']])], reset('PROTOCOL_ERROR')],
  [
    '8.1.1 DATA shorter than content-length',
    [hello, fields(['content-length', '11']), data(1, message('hello'))],
    reset('PROTOCOL_ERROR'),
  ],
  [
    '8.1.1 DATA longer than content-length',
    [hello, fields(['content-length', '9']), data(1, message('hello'))],
    reset('PROTOCOL_ERROR'),
  ],
  [
    '8.1.1 DATA as long as content-length',
    [hello, fields(['content-length', '10']), data(1, message('hello'))],
    answered,
  ],
  [
    '8.1.1 a content-length without content',
    [hello, headers(1, [...echoFields, ['content-length', '5']], whole)],
    reset('PROTOCOL_ERROR'),
  ],
  ['8.1.1 a content-length that is no number', [hello, fields(['content-length', '1x'])], reset('PROTOCOL_ERROR')],
  [
    '8.1.1 two content-lengths, even if they are equal',
    [hello, fields(['content-length', '10'], ['content-length', '10']), data(1, message('hello'))],
    reset('PROTOCOL_ERROR'),
  ],
  ...['', '1a', 'h p'].map(
    (scheme): ServerRow => [
      `8.3.1 :scheme: ${JSON.stringify(scheme)}`,
      [hello, headers(1, requestFields('/test.Test/Echo', { ':scheme': scheme })), data(1, message('hello'))],
      reset('PROTOCOL_ERROR'),
    ],
  ),
  ['8.2.1 upper case in a name', [hello, fields(['X-upper', '1'])], reset('PROTOCOL_ERROR')],
  ['8.2.1 a space in a name', [hello, fields(['a b', '1'])], reset('PROTOCOL_ERROR')],
  ['8.2.1 an empty name', [hello, fields(['', '1'])], reset('PROTOCOL_ERROR')],
  ['8.2.1 a colon in a name', [hello, fields(['a:b', '1'])], reset('PROTOCOL_ERROR')],
  ['8.2.1 LF in a value', [hello, fields(['a', 'b\nc'])], reset('PROTOCOL_ERROR')],
  ['8.2.1 NUL in a value', [hello, fields(['a', 'b\0c'])], reset('PROTOCOL_ERROR')],
  ['8.2.2 connection', [hello, fields(['connection', 'close'])], reset('PROTOCOL_ERROR')],
  ['8.2.2 transfer-encoding', [hello, fields(['transfer-encoding', 'chunked'])], reset('PROTOCOL_ERROR')],
  [
    '8.2.2 te other than trailers',
    [hello, headers(1, requestFields('/test.Test/Echo', { te: 'gzip' }))],
    reset('PROTOCOL_ERROR'),
  ],
  ['8.3 a pseudo-header after a header', [hello, fields([':scheme', 'http'])], reset('PROTOCOL_ERROR')],
  ['8.3 an unknown pseudo-header', [hello, headers(1, [[':foo', 'bar'], ...echoFields])], reset('PROTOCOL_ERROR')],
  [
    '8.3 a pseudo-header of responses',
    [hello, headers(1, [[':status', '200'], ...echoFields])],
    reset('PROTOCOL_ERROR'),
  ],
  ['8.3.1 two paths', [hello, headers(1, [[':path', '/x'], ...echoFields])], reset('PROTOCOL_ERROR')],
  [
    '8.3.1 no path',
    [
      hello,
      headers(
        1,
        echoFields.filter(([name]) => name !== ':path'),
      ),
    ],
    reset('PROTOCOL_ERROR'),
  ],
  [
    '8.3.1 no method',
    [
      hello,
      headers(
        1,
        echoFields.filter(([name]) => name !== ':method'),
      ),
    ],
    reset('PROTOCOL_ERROR'),
  ],
  [
    '8.3.1 no scheme',
    [
      hello,
      headers(
        1,
        echoFields.filter(([name]) => name !== ':scheme'),
      ),
    ],
    reset('PROTOCOL_ERROR'),
  ],
  ['8.3.1 an empty path', [hello, headers(1, requestFields(''))], reset('PROTOCOL_ERROR')],
  [
    '8.3.1 no authority',
    [
      hello,
      headers(
        1,
        echoFields.filter(([name]) => name !== ':authority'),
      ),
      data(1, message('hello')),
    ],
    answered,
  ],
  ...['/run/criproxy.sock', '%2Frun%2Fcriproxy.sock', 'localhost', '', 'a b', 'x@y:z', '\xff'].map(
    (authority): ServerRow => [
      `8.3.1 :authority: ${JSON.stringify(authority)}`,
      [hello, headers(1, requestFields('/test.Test/Echo', { ':authority': authority })), data(1, message('hello'))],
      answered,
    ],
  ),
  [
    'gRPC: GET',
    [hello, headers(1, requestFields('/test.Test/Echo', { ':method': 'GET' }), whole)],
    ['Headers 1 :status=405 end'],
  ],
  [
    'gRPC: another content-type',
    [hello, headers(1, requestFields('/x', { 'content-type': 'text/html' }), whole)],
    ['Headers 1 :status=415 end'],
  ],
  [
    'gRPC: content-type application/grpc+proto',
    [
      hello,
      headers(1, requestFields('/test.Test/Echo', { 'content-type': 'application/grpc+proto' })),
      data(1, message('hello')),
    ],
    answered,
  ],
  [
    'gRPC: content-type application/grpc-web',
    [hello, headers(1, requestFields('/test.Test/Echo', { 'content-type': 'application/grpc-web' }), whole)],
    ['Headers 1 :status=415 end'],
  ],
  [
    'gRPC: an unknown method',
    [hello, headers(1, requestFields('/test.Test/None')), data(1, message(''))],
    ['Headers 1 :status=200 grpc-status=12 end', 'RstStream 1 NO_ERROR'],
  ],
  ['gRPC: no message', [hello, headers(1, echoFields, whole)], ['Headers 1 :status=200 grpc-status=13 end']],
  [
    'gRPC: two messages',
    [hello, open, data(1, Buffer.concat([message('a'), message('b')]))],
    ['Headers 1 :status=200 grpc-status=13 end'],
  ],
  [
    'gRPC: half a message',
    [hello, open, data(1, message('hello').subarray(0, 8))],
    ['Headers 1 :status=200 grpc-status=13 end'],
  ],
  [
    'gRPC: an unknown message flag',
    [hello, open, data(1, message('hello', 2))],
    ['Headers 1 :status=200 grpc-status=13 end', 'RstStream 1 NO_ERROR'],
  ],
  [
    'gRPC: compressed without grpc-encoding',
    [hello, open, data(1, message('hello', 1))],
    ['Headers 1 :status=200 grpc-status=13 end'],
  ],
  [
    'gRPC: compressed in an unknown way',
    [hello, fields(['grpc-encoding', 'snappy']), data(1, message('hello', 1))],
    ['Headers 1 :status=200 grpc-status=12 end'],
  ],
  [
    'gRPC: a malformed timeout',
    [hello, fields(['grpc-timeout', '1x']), data(1, message(''))],
    ['Headers 1 :status=200 grpc-status=13 end', 'RstStream 1 NO_ERROR'],
  ],
  [
    'gRPC: a timeout of nothing',
    [hello, headers(1, [...requestFields('/test.Test/Hang'), ['grpc-timeout', '0n']]), data(1, message(''))],
    ['Headers 1 :status=200 grpc-status=4 end', 'RstStream 1 NO_ERROR'],
  ],
  [
    'gRPC: a handler that throws',
    [hello, headers(1, requestFields('/test.Test/Throw')), data(1, message(''))],
    ['Headers 1 :status=200 grpc-status=13 end'],
  ],
  [
    'gRPC: a stream',
    [hello, headers(1, requestFields('/test.Test/EchoStream')), data(1, message('a'), 0), data(1, message('bc'))],
    ['Headers 1 :status=200', 'Data 1 6', 'Data 1 7', 'Headers 1 grpc-status=0 end'],
  ],
  [
    'gRPC: a stream that fails at once',
    [hello, headers(1, requestFields('/test.Test/FailStream'), whole)],
    ['Headers 1 :status=200 grpc-status=12 end'],
  ],
  [
    'gRPC: a stream that ends within a message',
    [hello, headers(1, requestFields('/test.Test/EchoStream')), data(1, message('hello').subarray(0, 7))],
    ['Headers 1 :status=200 grpc-status=13 end'],
  ],
];

for (const [title, bytes, want] of rows) {
  t.test(title, async t => {
    t.same(await converse(Buffer.concat(bytes)), want);
  });
}
