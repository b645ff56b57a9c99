import { test } from 'tap';
import { Code, codeName } from '../../src/base/codes.ts';

test('the codes have the numbers and names of gRPC', async t => {
  // grpc/grpc doc/statuscodes.md, in the order of the numbers.
  const names =
    'OK Cancelled Unknown InvalidArgument DeadlineExceeded NotFound AlreadyExists PermissionDenied ResourceExhausted ' +
    'FailedPrecondition Aborted OutOfRange Unimplemented Internal Unavailable DataLoss Unauthenticated';
  t.strictSame(
    Object.entries(Code),
    [...names.split(' ').entries()].map(([number, name]) => [name, number]),
  );
  for (const [name, number] of Object.entries(Code)) t.equal(codeName(number), name, `${number}: ${name}`);
  for (const number of [17, 99, -1]) t.equal(codeName(number), `Code(${number})`, `${number}: no code of gRPC`);
});
