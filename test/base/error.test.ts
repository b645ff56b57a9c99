import { test } from 'tap';
import { Code } from '../../src/base/codes.ts';
import { ProxyError } from '../../src/base/error.ts';

test('a ProxyError keeps the values that it was made from', async t => {
  const cause = new Error('the socket broke');
  const headers = [['x-a', '1']] as const;
  const trailers = [['grpc-status-details-bin', 'AQI=']] as const;
  const error = new ProxyError(Code.NotFound, 'no such pod', { cause, headers, trailers });
  t.ok(error instanceof Error);
  t.equal(error.code, 5);
  t.equal(error.message, 'no such pod');
  t.equal(error.cause, cause);
  t.equal(error.headers, headers);
  t.equal(error.trailers, trailers);
  const plain = new ProxyError(Code.Unknown, '');
  t.strictSame([plain.headers, plain.trailers], [[], []], 'no metadata unless given');
  t.notOk('cause' in plain, 'no cause unless given');
});

test('ProxyError.from', async t => {
  const error = new ProxyError(Code.Aborted, 'as it came');
  t.equal(ProxyError.from(error), error, 'a ProxyError stays itself');
  const rows: ReadonlyArray<readonly [fault: unknown, message: string]> = [
    [new TypeError('x is not a function'), 'criproxy: x is not a function'],
    ['a text', 'criproxy: a text'],
    [undefined, 'criproxy: undefined'],
    [null, 'criproxy: null'],
    [{ code: 5 }, 'criproxy: [object Object]'],
  ];
  for (const [fault, message] of rows) {
    const made = ProxyError.from(fault);
    t.strictSame(
      [made.code, made.message, made.cause],
      [Code.Internal, message, fault],
      `Internal from ${String(fault)}`,
    );
  }
});
